package controlplane

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bedrock-extproc/tests/envoytest"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
)

// Envoy accepts the configuration. The company's route answers, and a model call gets the
// error of package envoy, because no sidecar runs.
func TestEnvoyRunsIt(t *testing.T) {
	own, err := Bootstrap("unix://" + filepath.Join(t.TempDir(), "no.sock"))
	if err != nil {
		t.Fatal(err)
	}
	proxy := envoytest.Start(t, "127.0.0.1:1", func(b *bootstrapv3.Bootstrap) { b.StaticResources = own.GetStaticResources() })
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/shop/":     {http.StatusOK, ""},
		"/v1/models": {http.StatusServiceUnavailable, `"type":"envoy_sidecar_unreachable"`},
	} {
		resp, err := http.Get(proxy.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != want.status || !strings.Contains(string(body), want.text) {
			t.Errorf("%s: %d %s, %v", path, resp.StatusCode, body, err)
		}
	}
}

// A program that imports package envoy does not get the rest of the repository, nor the
// AWS SDK.
func TestWhatComesAlong(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	if len(packages) < 100 {
		t.Fatalf("packages %q", packages)
	}
	for _, name := range packages {
		if strings.Contains(name, "bedrock-extproc/") && !strings.HasSuffix(name, "bedrock-extproc/envoy") || strings.Contains(name, "aws/aws-sdk") {
			t.Errorf("it needs %s", name)
		}
	}
}
