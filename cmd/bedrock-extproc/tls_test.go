package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	template := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.key = newKey(t)
	a.cert = sign(t, template, template, a.key, a.key)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber, template.NotAfter = serial, time.Now().Add(time.Hour)
	template.Subject = pkix.Name{CommonName: serial.String()}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// pair is a certificate for both ends, with its key.
func (a *authority) pair(t *testing.T) tls.Certificate {
	t.Helper()
	key := newKey(t)
	cert := sign(t, &x509.Certificate{
		DNSNames: []string{"sidecar"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, key, a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

// tlsServer is a gRPC server with files that can be replaced.
type tlsServer struct {
	files   tlsFiles
	address string
	logs    *observer.ObservedLogs
}

func newTLSServer(t *testing.T, a *authority) (*tlsServer, *x509.Certificate) {
	t.Helper()
	dir := t.TempDir()
	s := &tlsServer{files: tlsFiles{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), filepath.Join(dir, "ca.crt")}}
	cert := s.replace(t, a)
	core, logs := observer.New(zapcore.ErrorLevel)
	s.logs = logs
	creds, err := s.files.credentials(zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(creds)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	s.address = l.Addr().String()
	return s, cert
}

// replace writes a new certificate, and the authority that signs clients'
// certificates.
func (s *tlsServer) replace(t *testing.T, a *authority) *x509.Certificate {
	t.Helper()
	pair := a.pair(t)
	key, err := x509.MarshalECPrivateKey(pair.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	write(t, s.files.cert, "CERTIFICATE", pair.Leaf.Raw)
	write(t, s.files.key, "EC PRIVATE KEY", key)
	write(t, s.files.clientCA, "CERTIFICATE", a.cert.Raw)
	return pair.Leaf
}

func write(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// connect makes a client's handshake and returns the server's certificate.
func (s *tlsServer) connect(t *testing.T, trusts *authority, with ...tls.Certificate) (*x509.Certificate, error) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(trusts.cert)
	conn, err := tls.Dial("tcp", s.address, &tls.Config{
		RootCAs: roots, Certificates: with, ServerName: "sidecar", NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12,
	})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if got := conn.ConnectionState().NegotiatedProtocol; got != "h2" {
		t.Errorf("the protocol is %q", got)
	}
	_, err = conn.Read(make([]byte, 1)) // HTTP/2 settings, or the rejection
	return conn.ConnectionState().PeerCertificates[0], err
}

func TestTLS(t *testing.T) {
	ours, other := newAuthority(t), newAuthority(t)
	s, cert := newTLSServer(t, ours)
	envoy, stranger := ours.pair(t), other.pair(t)

	if got, err := s.connect(t, ours, envoy); err != nil || !got.Equal(cert) {
		t.Errorf("Envoy: %v", err)
	}
	if _, err := s.connect(t, ours, stranger); err == nil {
		t.Error("a client of another authority was accepted")
	}
	if _, err := s.connect(t, ours); err == nil {
		t.Error("a client without a certificate was accepted")
	}

	renewed := s.replace(t, ours)
	if got, err := s.connect(t, ours, envoy); err != nil || !got.Equal(renewed) {
		t.Errorf("after the renewal: %v", err)
	}

	// A half-finished renewal: the key does not belong to the certificate.
	write(t, s.files.cert, "CERTIFICATE", ours.pair(t).Leaf.Raw)
	if got, err := s.connect(t, ours, envoy); err != nil || !got.Equal(renewed) {
		t.Errorf("with files that do not go together: %v", err)
	}
	if n := s.logs.Len(); n != 1 {
		t.Errorf("%d lines in the log", n)
	}

	moved := s.replace(t, other)
	if got, err := s.connect(t, other, stranger); err != nil || !got.Equal(moved) {
		t.Errorf("the new authority's client: %v", err)
	}
	if _, err := s.connect(t, other, envoy); err == nil {
		t.Error("the old authority's client was accepted")
	}
}

func TestTLSFilesThatCannotBeUsed(t *testing.T) {
	good, _ := newTLSServer(t, newAuthority(t))
	notPEM := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(notPEM, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string]tlsFiles{
		"no certificate": {notPEM, good.files.key, good.files.clientCA},
		"no key":         {good.files.cert, "absent", good.files.clientCA},
		"no authority":   {good.files.cert, good.files.key, notPEM},
		"no file":        {good.files.cert, good.files.key, "absent"},
	} {
		if _, err := files.credentials(zap.NewNop()); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
