package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3" // extension types in the examples
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"

	"bedrock-extproc/tests/envoytest"
)

// examples is the folder of the Envoy examples.
const examples = "../../examples/envoy"

// example is a running example.
type example struct {
	*system
	dir  string // the example's folder
	keys string // used instead of the folder "keys"
	tls  bool
}

// startExample starts Envoy and the sidecar with the configurations of an example. Only
// addresses and folders differ. edit, if not nil, changes Envoy's configuration. flags
// are the sidecar's.
func startExample(t *testing.T, name string, edit func(*bootstrapv3.Bootstrap), flags ...string) *example {
	t.Helper()
	x := &example{dir: filepath.Join(examples, name), keys: t.TempDir()}
	if config := filepath.Join(x.dir, "config.yaml"); exists(config) {
		flags = append(flags, "-config", config)
	}
	x.token(t) // creates the keys
	x.system = startWith(t, func(b *bootstrapv3.Bootstrap) {
		x.load(t, b)
		if edit != nil {
			edit(b)
		}
	}, nil, flags...)
	if x.tls {
		x.envoy.URL = strings.Replace(x.envoy.URL, "http://", "https://", 1)
	}
	return x
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// load replaces b with the example, and keeps b's addresses.
func (x *example) load(t *testing.T, b *bootstrapv3.Bootstrap) {
	t.Helper()
	envoytest.Load(t, b, filepath.Join(x.dir, "envoy.yaml"), "keys/", x.keys+"/")
	x.tls = b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetTransportSocket() != nil
}

// token returns a JWT from the examples' issuer.
func (x *example) token(t *testing.T, flags ...string) string {
	t.Helper()
	out, err := exec.Command(issuer, append([]string{"-keys", x.keys}, flags...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// client returns a client that trusts the example's certificate.
func (x *example) client(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(x.keys, "tls.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	var p http.Protocols
	p.SetHTTP1(!http2)
	p.SetHTTP2(http2)
	return &http.Client{Transport: &http.Transport{
		Protocols: &p, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12},
	}}
}
