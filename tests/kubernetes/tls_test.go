package kubernetes

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestTLS holds the program and Envoy to what the overlay "service" says of
// certificates.
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
		if err := n.handshake(t, c.secret); (err == nil) != c.allowed {
			t.Errorf("%s: %v", name, err)
		}
	}
	n.renews(t)
}

// handshake calls the port of ext_proc with a certificate.
func (n *node) handshake(t *testing.T, secret map[string]string) error {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(n.authority.pem))
	config := &tls.Config{RootCAs: roots, ServerName: "bedrock-extproc", NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
	if secret != nil {
		pair, err := tls.X509KeyPair([]byte(secret["tls.crt"]), []byte(secret["tls.key"]))
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	conn, err := tls.Dial("tcp", n.address("9002"), config)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Read(make([]byte, 1)) // HTTP/2 settings, or the refusal
	return err
}

// renews puts a new certificate in Envoy's Secret, and waits until Envoy has it.
func (n *node) renews(t *testing.T) {
	t.Helper()
	secret := n.authority.secret(t, &n.objects.certificate("envoy-tls").Spec)
	pair, err := tls.X509KeyPair([]byte(secret["tls.crt"]), []byte(secret["tls.key"]))
	if err != nil {
		t.Fatal(err)
	}
	n.project(t, "secret-envoy-tls", secret)
	serial := fmt.Sprintf("%x", pair.Leaf.SerialNumber)
	until(t, func() error {
		page, err := get("http://" + n.address("9901") + "/certs")
		if err == nil && !strings.Contains(page, serial) {
			err = fmt.Errorf("serial %s is not in %s", serial, page)
		}
		return err
	})
}
