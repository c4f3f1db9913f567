package kubernetes

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestTLS checks which certificates bedrock-extproc and Envoy accept in the overlay
// "service".
func TestTLS(t *testing.T) {
	n := newNode(t, load(t, "service"))
	n.startAll(t)
	server := n.authority.secret(t, &n.objects.certificate("bedrock-extproc-tls").Spec)
	client := n.authority.secret(t, &n.objects.certificate("envoy-tls").Spec)
	stranger := newAuthority(t).secret(t, &n.objects.certificate("envoy-tls").Spec)
	for name, c := range map[string]struct {
		secret  map[string]string
		allowed bool
	}{
		"Envoy's certificate": {client, true}, "none": {nil, false},
		"the server's own": {server, false}, "that of another authority": {stranger, false},
	} {
		if _, err := n.handshake(t, c.secret); (err == nil) != c.allowed {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Run("bedrock-extproc has a renewed certificate", func(t *testing.T) {
		serial := n.renew(t, "bedrock-extproc-tls")
		if got, err := n.handshake(t, client); err != nil || got != serial {
			t.Errorf("serial %s, %v, want %s", got, err, serial)
		}
	})
	t.Run("Envoy has a renewed certificate", func(t *testing.T) {
		serial := n.renew(t, "envoy-tls")
		until(t, func() error {
			page, err := get("http://" + n.address("9901") + "/certs")
			if err == nil && !strings.Contains(page, serial) {
				err = fmt.Errorf("serial %s is not in %s", serial, page)
			}
			return err
		})
	})
}

// handshake connects to the ext_proc port with a certificate and returns the serial of
// the server's.
func (n *node) handshake(t *testing.T, secret map[string]string) (serial string, err error) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(n.authority.pem))
	config := &tls.Config{RootCAs: roots, ServerName: "bedrock-extproc", NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
	if secret != nil {
		config.Certificates = []tls.Certificate{keyPair(t, secret)}
	}
	conn, err := tls.Dial("tcp", n.address("9002"), config)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Read(make([]byte, 1)) // HTTP/2 SETTINGS, or the rejection
	return fmt.Sprintf("%x", conn.ConnectionState().PeerCertificates[0].SerialNumber), err
}

// renew replaces the certificate in a Secret and returns the new serial.
func (n *node) renew(t *testing.T, name string) string {
	t.Helper()
	secret := n.authority.secret(t, &n.objects.certificate(name).Spec)
	n.project(t, "secret-"+name, secret)
	return fmt.Sprintf("%x", keyPair(t, secret).Leaf.SerialNumber)
}

func keyPair(t *testing.T, secret map[string]string) tls.Certificate {
	t.Helper()
	pair, err := tls.X509KeyPair([]byte(secret["tls.crt"]), []byte(secret["tls.key"]))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}
