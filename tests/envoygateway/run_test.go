package envoygateway

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bedrock-extproc/envoy"
	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// system is an Envoy with the example's configuration, the sidecar with the
// example's ConfigMap, and a stand-in for Bedrock.
type system struct {
	*translation
	envoy   *envoytest.Envoy
	bedrock *fakebedrock.Server
	keys    string
	socket  string
	more    []*clusterv3.Cluster
	client  *http.Client
}

// start takes from the configuration what a lone Envoy cannot have: addresses of
// the cluster, routes, certificates and keys that are fetched, and log files.
// Everything else is as Envoy Gateway made it. replace has texts of the example and
// what they are to be instead, in turn.
func start(t *testing.T, replace ...string) *system {
	t.Helper()
	keys := makeKeys(t)
	return startOn(t, keys, strings.NewReplacer(replace...).Replace(objects(t, keys)))
}

// startOn has other objects than the example's, and clusters besides theirs.
func startOn(t *testing.T, keys, objects string, more ...*clusterv3.Cluster) *system {
	t.Helper()
	s := &system{keys: keys, translation: translate(t, objects), more: more}
	s.bedrock = fakebedrock.New(fakebedrock.Config{})
	server := httptest.NewServer(s.bedrock)
	t.Cleanup(server.Close)
	s.startSidecar(t, server.URL)
	s.envoy = envoytest.Start(t, "unix://"+s.socket, func(b *bootstrapv3.Bootstrap) { s.fill(t, b) })
	s.client = s.trusting(t)
	return s
}

// startSidecar starts the program with the arguments of the pod, on a socket here.
func (s *system) startSidecar(t *testing.T, bedrock string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "eg-") //nolint:usetesting // a socket's name must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s.socket = filepath.Join(dir, "s.sock")
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, configMap(t), 0o600); err != nil {
		t.Fatal(err)
	}
	args := podArgs(t)
	for i, arg := range args {
		args[i] = strings.NewReplacer("/run/bedrock-extproc/extproc.sock", s.socket, "=:9003", "=127.0.0.1:0", "/etc/bedrock-extproc/config.yaml", config).Replace(arg)
	}
	cmd := exec.Command(filepath.Join(programs, "bedrock-extproc"), args...)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_BEDROCK_RUNTIME="+bedrock, "AWS_ACCESS_KEY_ID="+fakebedrock.DemoAccessKeyID,
		"AWS_SECRET_ACCESS_KEY="+fakebedrock.DemoSecretAccessKey, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("bedrock-extproc:\n%s", log.String())
		}
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("unix", s.socket)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the sidecar does not listen: %v", err)
		}
	}
}

// configMap is the sidecar's configuration in the example.
func configMap(t *testing.T) []byte {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(read(t, filepath.Join(example, "config.yaml"))))
	for {
		var object struct {
			Data map[string]string `yaml:"data"`
		}
		if err := decoder.Decode(&object); err != nil {
			t.Fatalf("no config.yaml in a ConfigMap: %v", err)
		}
		if text := object.Data["config.yaml"]; text != "" {
			return []byte(text)
		}
	}
}

// podArgs are the arguments of the container that the EnvoyProxy adds.
func podArgs(t *testing.T) []string {
	t.Helper()
	decoder := yaml.NewDecoder(bytes.NewReader(read(t, filepath.Join(example, "gateway.yaml"))))
	for {
		var object map[string]any
		if err := decoder.Decode(&object); err != nil {
			t.Fatalf("no EnvoyProxy with a container: %v", err)
		}
		if object["kind"] != "EnvoyProxy" {
			continue
		}
		at := any(object)
		for _, key := range []string{"spec", "provider", "kubernetes", "envoyDeployment", "patch", "value", "spec", "template", "spec", "initContainers"} {
			at = at.(map[string]any)[key]
		}
		var args []string
		for _, arg := range at.([]any)[0].(map[string]any)["args"].([]any) {
			args = append(args, arg.(string))
		}
		return args
	}
}

// fill puts the translated configuration into a bootstrap.
func (s *system) fill(t *testing.T, b *bootstrapv3.Bootstrap) {
	t.Helper()
	own := b.GetStaticResources().GetListeners()[0]
	log := unpack(t, unpack(t, own.GetFilterChains()[0].GetFilters()[0].GetTypedConfig(), &hcmv3.HttpConnectionManager{}).GetAccessLog()[0].GetTypedConfig(), &filev3.FileAccessLog{}).GetPath()
	l := s.listener
	l.Name, l.Address, l.AccessLog = envoy.ListenerName, own.GetAddress(), nil
	chain := l.GetFilterChains()[0]
	m := s.manager(t)
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: s.routes}
	file := unpack(t, m.GetAccessLog()[0].GetTypedConfig(), &filev3.FileAccessLog{})
	file.Path = log
	pack(t, m.GetAccessLog()[0].GetTypedConfig(), file)
	s.localKeys(t, m)
	pack(t, chain.GetFilters()[0].GetTypedConfig(), m)
	s.certificate(t, chain)
	b.StaticResources = &bootstrapv3.Bootstrap_StaticResources{Listeners: []*listenerv3.Listener{l}, Clusters: s.staticClusters(t)}
}

func pack(t *testing.T, to *anypb.Any, from proto.Message) {
	t.Helper()
	if err := to.MarshalFrom(from); err != nil {
		t.Fatal(err)
	}
}

func (s *system) file(name string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: filepath.Join(s.keys, name)}}
}

// localKeys stand in for those of the issuer.
func (s *system) localKeys(t *testing.T, m *hcmv3.HttpConnectionManager) {
	t.Helper()
	for _, f := range m.GetHttpFilters() {
		if f.GetName() != "envoy.filters.http.jwt_authn" {
			continue
		}
		jwt := unpack(t, f.GetTypedConfig(), &jwtv3.JwtAuthentication{})
		for _, p := range jwt.GetProviders() {
			p.JwksSourceSpecifier = &jwtv3.JwtProvider_LocalJwks{LocalJwks: s.file("jwks.json")}
		}
		pack(t, f.GetTypedConfig(), jwt)
	}
}

func (s *system) certificate(t *testing.T, chain *listenerv3.FilterChain) {
	t.Helper()
	config := chain.GetTransportSocket().GetTypedConfig()
	context := unpack(t, config, &tlsv3.DownstreamTlsContext{})
	context.GetCommonTlsContext().TlsCertificateSdsSecretConfigs = nil
	context.GetCommonTlsContext().TlsCertificates = []*tlsv3.TlsCertificate{{CertificateChain: s.file("tls.crt"), PrivateKey: s.file("tls.key")}}
	pack(t, config, context)
}

// staticClusters have their endpoints with them. The issuer's is left out.
func (s *system) staticClusters(t *testing.T) []*clusterv3.Cluster {
	t.Helper()
	all := s.more
	for _, c := range s.clusters {
		if strings.HasPrefix(c.GetName(), "issuer_") {
			continue
		}
		if c.GetEdsClusterConfig() != nil {
			c.LoadAssignment = s.endpoints[c.GetName()]
			c.EdsClusterConfig, c.ClusterDiscoveryType = nil, &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
			pipe := c.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().GetAddress().GetPipe()
			if pipe.GetPath() != "/run/bedrock-extproc/extproc.sock" {
				t.Errorf("the sidecar is at %v", pipe)
			}
			pipe.Path = s.socket
		}
		all = append(all, c)
	}
	return all
}

func (s *system) trusting(t *testing.T) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(read(t, filepath.Join(s.keys, "tls.crt")))
	verify := func(c tls.ConnectionState) error {
		_, err := c.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: pool, DNSName: "localhost"})
		return err
	}
	return &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{
		ServerName: "llm.example.com", MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: true, VerifyConnection: verify, // the key is the issuer's, for localhost
	}}}
}

// ask makes a call with a token for a user of these groups; "" has none.
func (s *system) ask(t *testing.T, path, groups string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.Replace(s.envoy.URL, "http:", "https:", 1)+path,
		strings.NewReader(`{"messages":[{"role":"user","content":"What is 2+2?"}],"request_metadata":{"user":"boss"}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "llm.example.com"
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if groups != "" {
		token, err := exec.Command(filepath.Join(programs, "issuer"), "-keys", s.keys, "-groups", groups).Output()
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

const (
	whole  = "/api/v1/llm/completions"
	stream = "/api/v1/llm/completions/stream"
)

var spoofed = []string{"X-User", "boss", "Sub", "boss", "Issuer", `{"sub":"boss"}`, "X-Jwt-Payload", `{"sub":"boss"}`}

// TestCalls: the gateway refuses who may not call, and who may does so under the
// name in the token.
func TestCalls(t *testing.T) {
	s := start(t)
	for name, c := range map[string]struct {
		groups  string
		headers []string
		status  int
	}{
		"no token":      {"", spoofed, 401},
		"another group": {"users", spoofed, 403},
		"another host":  {"", []string{"Host", "other.example.com"}, 404},
	} {
		if resp, body := s.ask(t, whole, c.groups, c.headers...); resp.StatusCode != c.status {
			t.Errorf("%s: status %d: %s", name, resp.StatusCode, body)
		}
	}
	if n := len(s.bedrock.Calls()); n > 0 {
		t.Fatalf("Bedrock was asked %d times", n)
	}
	for path, end := range map[string]string{whole: `"stop_reason":"end_turn"`, stream: `"type":"message_stop"`} {
		resp, body := s.ask(t, path, "users,llm", spoofed...)
		if resp.StatusCode != http.StatusOK || !strings.Contains(body, end) {
			t.Errorf("%s: status %d: %s", path, resp.StatusCode, body)
		}
	}
	for _, call := range s.bedrock.Calls() {
		var sent struct{ RequestMetadata map[string]string }
		if err := json.Unmarshal(call.Body, &sent); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"user": "ann", "team": "search"}, sent.RequestMetadata); diff != "" {
			t.Error(diff)
		}
	}
	served := 0
	for _, entry := range s.envoy.AccessLog(t, 5) {
		if entry["status"] == 200.0 && entry["subject"] == "ann" && entry["total_tokens"].(float64) > 0 {
			served++
		}
	}
	if served != 2 {
		t.Errorf("%d calls with their tokens are in the access log", served)
	}
}

// TestRateLimit: the route's limit is in front of the sidecar, and behind the checks.
func TestRateLimit(t *testing.T) {
	s := start(t, "limit: {requests: 50, unit: Second}", "limit: {requests: 2, unit: Hour}")
	for i, c := range []struct {
		groups string
		want   int
	}{{"", 401}, {"users", 403}, {"llm", 200}, {"llm", 200}, {"llm", 429}} {
		if resp, body := s.ask(t, whole, c.groups); resp.StatusCode != c.want {
			t.Errorf("call %d: status %d: %s", i, resp.StatusCode, body)
		}
	}
	if n := len(s.bedrock.Calls()); n != 2 {
		t.Errorf("Bedrock was asked %d times", n)
	}
}

// TestSidecarGone: without the sidecar the gateway answers 500 and lets nobody
// through.
func TestSidecarGone(t *testing.T) {
	withoutSidecar(t, http.StatusInternalServerError)
}

// TestStatusOnError: with the line that Envoy Gateway knows since 1.9 it answers 503.
// For older ones leave it out with -skip.
func TestStatusOnError(t *testing.T) {
	withoutSidecar(t, http.StatusServiceUnavailable, "# statusOnError: 503", "statusOnError: 503")
}

func withoutSidecar(t *testing.T, status int, replace ...string) {
	t.Helper()
	s := start(t, replace...)
	if err := os.Remove(s.socket); err != nil {
		t.Fatal(err)
	}
	if resp, body := s.ask(t, whole, "llm"); resp.StatusCode != status {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
}
