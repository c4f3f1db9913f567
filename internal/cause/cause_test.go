package cause

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// get makes a request and returns its error.
func get(t *testing.T, tr *http.Transport, url string) error {
	t.Helper()
	defer tr.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	if err == nil {
		t.Fatal("no error")
	}
	return err
}

func check(t *testing.T, err error, class Class, retryable bool, text string) {
	t.Helper()
	if e := Find(err); e.Class != class || e.Retryable != retryable || !strings.Contains(e.Text, text) || e.Fix == "" {
		t.Errorf("class %s, retryable %v: %s (%v)", e.Class, e.Retryable, e.Text, err)
	}
}

// A name server on loopback, and one that is away.
func TestDNS(t *testing.T) {
	for name, c := range map[string]struct {
		code      dnsmessage.RCode
		retryable bool
		text      string
	}{
		"no such host": {dnsmessage.RCodeNameError, false, "unknown"},
		"broken":       {dnsmessage.RCodeServerFailure, true, "could not be resolved"},
	} {
		t.Run(name, func(t *testing.T) {
			server := nameServer(t, c.code)
			resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "udp", server)
			}}
			tr := &http.Transport{DialContext: (&net.Dialer{Resolver: resolver}).DialContext}
			check(t, get(t, tr, "http://bedrock.test./"), DNS, c.retryable, c.text)
		})
	}
	away := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "udp", Err: syscall.ECONNREFUSED}
	}}
	tr := &http.Transport{DialContext: (&net.Dialer{Resolver: away}).DialContext}
	check(t, get(t, tr, "http://bedrock.test./"), DNS, true, "could not be resolved")
}

// nameServer answers every question with a code.
func nameServer(t *testing.T, code dnsmessage.RCode) string {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		buf := make([]byte, 1<<12)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RCode: code}, Questions: m.Questions}
			if packed, err := answer.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

func TestTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = nil
	server.StartTLS()
	defer server.Close()
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	check(t, get(t, &http.Transport{}, server.URL), TLS, false, "unknown authority")
	check(t, get(t, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, "https://localhost"+port), TLS, false, "another host name")

	old, pool := certificate(t, time.Now().Add(-time.Hour))
	expired := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{old}})
	check(t, get(t, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, expired), TLS, false, "expired")

	valid, pool := certificate(t, time.Now().Add(time.Hour))
	client := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	asks := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{valid}, ClientAuth: tls.RequireAnyClientCert})
	check(t, get(t, client, asks), TLS, false, "handshake failed")
	ancient := serveTLS(t, &tls.Config{Certificates: []tls.Certificate{valid}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	check(t, get(t, client, ancient), TLS, false, "handshake failed")

	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	_, err := http.Get(strings.Replace(plain.URL, "http", "https", 1)) //nolint:noctx // the client has words of its own
	check(t, err, TLS, false, "plain HTTP instead of TLS")
}

func serveTLS(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = cfg
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.URL
}

// certificate is one for 127.0.0.1 that signs itself.
func certificate(t *testing.T, until time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// Errors that a test cannot provoke on loopback.
func TestErrnos(t *testing.T) {
	for errno, class := range map[syscall.Errno]Class{
		syscall.ECONNREFUSED: Refused, syscall.ENETUNREACH: Unreachable, syscall.EHOSTUNREACH: Unreachable, syscall.EPERM: Unreachable,
		syscall.ETIMEDOUT: Timeout, syscall.ECONNRESET: Reset, syscall.EPIPE: Reset, syscall.EMFILE: Connection,
	} {
		err := fmt.Errorf("send: %w", &net.OpError{Op: "dial", Net: "tcp", Err: errno})
		if e := Find(err); e.Class != class || !e.Retryable || !errors.Is(e, errno) {
			t.Errorf("%v is %s", errno, e.Class)
		}
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		`Get "http://169.254.170.2/v2/credentials/0f3c-8d?x=1": refused`:   `Get "http://169.254.170.2": refused`,
		`invalid proxy address "http://user:pa:ss@proxy:3128"`:             `invalid proxy address "http://proxy:3128"`,
		`proxy user:pass@proxy:3128`:                                       `proxy [redacted]@proxy:3128`,
		`key AKIAIOSFODNN7EXAMPLE is unknown`:                              `key [redacted] is unknown`,
		`secret wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`:                  `secret [redacted]`,
		`token eyJhbGciOi.eyJzdWIi.c2ln is expired`:                        `token [redacted] is expired`,
		`?X-Amz-Signature=0a1b&x`:                                          `?X-Amz-Signature=[redacted]&x`,
		`api error ExpiredToken: The token has expired`:                    `api error ExpiredToken: The token has expired`,
		`api error InvalidIdentityToken: Incorrect token audience`:         `api error InvalidIdentityToken: Incorrect token audience`,
		`open /var/run/secrets/eks.amazonaws.com/serviceaccount/token`:     `open /var/run/secrets/eks.amazonaws.com/serviceaccount/token`,
		`arn:aws:sts::123456789012:assumed-role/a-long-name-of-a-role/i-0`: `arn:aws:sts::123456789012:assumed-role/a-long-name-of-a-role/i-0`,
		`the external id is our-secret`:                                    `the external id is [redacted]`,
	} {
		if got := Clean(text, "our-secret", "", "is"); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	if got := Clean(strings.Repeat("ü", maxDetail)); len(got) > maxDetail+2 {
		t.Errorf("%d bytes", len(got))
	}
}
