package envoygateway

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	"go.yaml.in/yaml/v3"
)

// system is a running Envoy with the example's configuration, the sidecar with the
// example's ConfigMap, and a fake Bedrock.
type system struct {
	*translation
	envoy   *envoytest.Envoy
	bedrock *fakebedrock.Server
	keys    string
	socket  string
	more    []*clusterv3.Cluster
	client  *http.Client
}

// start starts the example. It replaces the parts that need a cluster: addresses,
// fetched routes, certificates and keys, and log files. The rest is as Envoy Gateway
// generated it. replace lists pairs of old and new texts in the example.
func start(t *testing.T, replace ...string) *system {
	t.Helper()
	keys := makeKeys(t)
	return startOn(t, keys, strings.NewReplacer(replace...).Replace(objects(t, keys)))
}

// startOn starts other objects than the example's, with additional clusters.
func startOn(t *testing.T, keys, objects string, more ...*clusterv3.Cluster) *system {
	t.Helper()
	return startTranslated(t, keys, translate(t, objects), more...)
}

func startTranslated(t *testing.T, keys string, x *translation, more ...*clusterv3.Cluster) *system {
	t.Helper()
	s := &system{keys: keys, translation: x, more: more}
	s.bedrock = fakebedrock.New(fakebedrock.Config{})
	server := httptest.NewServer(s.bedrock)
	t.Cleanup(server.Close)
	s.startSidecar(t, server.URL)
	s.envoy = envoytest.Start(t, "unix://"+s.socket, func(b *bootstrapv3.Bootstrap) { s.fill(t, b) })
	s.client = s.trusting(t)
	return s
}

// startSidecar starts the sidecar with the pod's arguments, on a local socket.
func (s *system) startSidecar(t *testing.T, bedrock string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "eg-") //nolint:usetesting // a socket path must be short
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
	envoytest.Run(t, "unix://"+s.socket, []string{
		"AWS_ENDPOINT_URL_BEDROCK_RUNTIME=" + bedrock, "AWS_ACCESS_KEY_ID=" + fakebedrock.DemoAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + fakebedrock.DemoSecretAccessKey,
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}, filepath.Join(programs, "bedrock-extproc"), args...)
}

// configMap returns the sidecar's configuration from the example.
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

// podArgs returns the arguments of the container that the EnvoyProxy adds.
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

// ask makes a call with a token for these groups; "" sends no token.
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
