// Command issuer is a substitute for an identity provider, to try the examples with.
// It creates a certificate for localhost and a signing key in a folder, unless they
// exist, and prints a JWT.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "issuer:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	fs := flag.NewFlagSet("issuer", flag.ContinueOnError)
	keys := fs.String("keys", "keys", "folder for tls.crt, tls.key, jwks.json and issuer.key")
	subject := fs.String("sub", "ann", "claim sub: the caller")
	groups := fs.String("groups", "llm", "claim groups, separated by commas")
	team := fs.String("team", "search", "claim team; \"\" for none")
	lasts := fs.Duration("lasts", time.Hour, "how long the token is valid")
	if err := fs.Parse(args); err != nil {
		return err
	}
	key, err := prepare(*keys)
	if err != nil {
		return err
	}
	claims := map[string]any{
		"iss": "https://issuer.example", "aud": "bedrock", "exp": time.Now().Add(*lasts).Unix(),
		"sub": *subject, "groups": strings.Split(*groups, ","),
	}
	if *team != "" {
		claims["team"] = *team
	}
	token, err := sign(key, claims)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, token)
	return err
}

// prepare creates the keys if they are missing and returns the signing key.
func prepare(dir string) (*ecdsa.PrivateKey, error) {
	file := filepath.Join(dir, "issuer.key")
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		if err := makeAll(dir); err != nil {
			return nil, err
		}
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s is not PEM", file)
	}
	return x509.ParseECPrivateKey(block.Bytes)
}

func makeAll(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // Envoy may be another user
		return err
	}
	server, err := newKey(dir, "tls.key")
	if err != nil {
		return err
	}
	if err := certify(filepath.Join(dir, "tls.crt"), server); err != nil {
		return err
	}
	issuer, err := newKey(dir, "issuer.key")
	if err != nil {
		return err
	}
	return publish(filepath.Join(dir, "jwks.json"), issuer)
}

func newKey(dir, name string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}

// certify writes a self-signed certificate for localhost.
func certify(file string, key *ecdsa.PrivateKey) error {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644) //nolint:gosec // public
}

// publish writes the JWKS (RFC 7517) with the public key.
func publish(file string, key *ecdsa.PrivateKey) error {
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "example",
		"x": encode(point[1:33]), "y": encode(point[33:]),
	}}})
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644) //nolint:gosec // public
}

// sign returns a JWT (RFC 7519), signed with ES256 (RFC 7518, section 3.4).
func sign(key *ecdsa.PrivateKey, claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := encode([]byte(`{"alg":"ES256","kid":"example","typ":"JWT"}`)) + "." + encode(payload)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + encode(signature), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
