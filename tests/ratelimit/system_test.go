package ratelimit

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
	"github.com/alicebob/miniredis/v2"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/api_key_auth/v3" // extension types in the examples
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_mutation/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_to_metadata/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
)

// examples has the folders budget and apikeys. Both use the budgets of the first.
const examples = "../../examples/envoy"

// programs is the folder with the programs that TestMain builds.
var programs string

func TestMain(m *testing.M) {
	os.Exit(envoytest.Main(m, func(dir string) { programs = dir },
		envoytest.Build{Args: []string{"github.com/envoyproxy/ratelimit/src/service_cmd"}},
		envoytest.Build{Dir: "../..", Args: []string{"./cmd/bedrock-extproc", "./tests/fakebedrock/cmd/fakebedrock", "./examples/envoy/issuer"}}))
}

// system is the running example: Redis, the rate limit service, a fake Bedrock, the
// sidecar and Envoy.
type system struct {
	envoy   *envoytest.Envoy
	bedrock *fakebedrock.Server
	client  *http.Client
	folder  string
	keys    string
}

// start starts the example "budget" with changes of its budgets, as of
// strings.NewReplacer.
func start(t *testing.T, changes ...string) *system {
	t.Helper()
	return startExample(t, "budget", changes...)
}

func startExample(t *testing.T, name string, changes ...string) *system {
	t.Helper()
	s := &system{keys: t.TempDir(), folder: filepath.Join(examples, name), bedrock: fakebedrock.New(fakebedrock.Config{})}
	s.token(t, "nobody") // creates the keys
	bedrock := httptest.NewServer(s.bedrock)
	t.Cleanup(bedrock.Close)
	sidecar, limits := envoytest.FreeAddress(t), envoytest.FreeAddress(t)
	s.startSidecar(t, sidecar, bedrock.URL)
	startRateLimit(t, limits, redis(t), strings.NewReplacer(changes...))
	s.envoy = envoytest.Start(t, sidecar, func(b *bootstrapv3.Bootstrap) { s.load(t, b, limits) })
	s.client = s.trusting(t, true)
	return s
}

// redis starts an empty Redis and returns its address.
func redis(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		t.Log("using miniredis: redis-server is not on PATH")
		return miniredis.RunT(t).Addr()
	}
	t.Log("using", program)
	address := envoytest.FreeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	envoytest.Run(t, address, nil, program, "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", t.TempDir())
	return address
}

func (s *system) startSidecar(t *testing.T, address, bedrock string) {
	t.Helper()
	envoytest.Run(t, address, []string{
		"AWS_ENDPOINT_URL_BEDROCK_RUNTIME=" + bedrock, "AWS_ACCESS_KEY_ID=" + fakebedrock.DemoAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + fakebedrock.DemoSecretAccessKey,
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
	}, filepath.Join(programs, "bedrock-extproc"), "-listen", address, "-admin", "", "-drain-delay", "0s", "-config", filepath.Join(s.folder, "config.yaml"))
}

// startRateLimit starts the service with the budgets of the examples, changed.
func startRateLimit(t *testing.T, address, redis string, changes *strings.Replacer) {
	t.Helper()
	root := t.TempDir()
	text, err := os.ReadFile(filepath.Join(examples, "budget", "ratelimit.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "ratelimit", "config", "ratelimit.yaml")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(changes.Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	port := func(address string) string { _, p, _ := net.SplitHostPort(address); return p }
	envoytest.Run(t, address, []string{
		"RUNTIME_ROOT=" + root, "RUNTIME_SUBDIRECTORY=ratelimit", "RUNTIME_WATCH_ROOT=false", "USE_STATSD=false", "LOG_LEVEL=error", "DISABLE_STATS=true",
		"REDIS_SOCKET_TYPE=tcp", "REDIS_URL=" + redis, "GRPC_PORT=" + port(address), "PORT=" + port(envoytest.FreeAddress(t)), "DEBUG_PORT=" + port(envoytest.FreeAddress(t)),
		"HOST=127.0.0.1", "GRPC_HOST=127.0.0.1", "DEBUG_HOST=127.0.0.1",
	}, filepath.Join(programs, "service_cmd"))
}

// load replaces b with the example, with the rate limit service at limits.
func (s *system) load(t *testing.T, b *bootstrapv3.Bootstrap, limits string) {
	t.Helper()
	envoytest.Load(t, b, filepath.Join(s.folder, "envoy.yaml"), "keys/", s.keys+"/")
	var port uint32
	if _, err := fmt.Sscanf(limits, "127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	service := b.GetStaticResources().GetClusters()[1].GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint()
	service.GetAddress().GetSocketAddress().PortSpecifier = &corev3.SocketAddress_PortValue{PortValue: port}
}

// token returns a JWT from the example's issuer.
func (s *system) token(t *testing.T, user string) string {
	t.Helper()
	out, err := exec.Command(filepath.Join(programs, "issuer"), "-keys", s.keys, "-sub", user).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// trusting returns a client that trusts the example's certificate.
func (s *system) trusting(t *testing.T, http2 bool) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(s.keys, "tls.crt"))
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
