package e2e

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"

	"bedrock-extproc/tests/envoytest"
)

// withPrintedConfig uses the output of "envoy-config -xds", with a free admin port.
func withPrintedConfig(t *testing.T, server string) func(*bootstrapv3.Bootstrap) {
	return func(b *bootstrapv3.Bootstrap) {
		text, err := exec.Command(program, "envoy-config", "-xds", server, "-admin", "127.0.0.1:0").Output()
		if err != nil {
			t.Fatal(err)
		}
		json, err := yaml.YAMLToJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		proto.Reset(b)
		if err := protojson.Unmarshal(json, b); err != nil {
			t.Fatal(err)
		}
	}
}

// TestXDS checks that an Envoy configured only by the xDS server answers calls.
func TestXDS(t *testing.T) {
	s := start(t, nil) // its own Envoy is not used
	server := "unix://" + filepath.Join(filepath.Dir(strings.TrimPrefix(s.sidecar.socket, "unix://")), "xds.sock")
	xds := exec.Command(program, "xds", "-xds", server, "-slow-reader-timeout", "0", "-listen", "127.0.0.1:0", "-extproc", s.sidecar.socket, "-access-log", filepath.Join(t.TempDir(), "log"))
	var log bytes.Buffer
	xds.Stderr = &log
	if err := xds.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- xds.Wait() }()
	t.Cleanup(func() { _ = xds.Process.Kill() })

	second := envoytest.Start(t, s.sidecar.socket, withPrintedConfig(t, server))
	for name, client := range protocols() {
		if a := decode(t, post(t, client, second.URL+"/api/v1/llm/completions", askSum)); !strings.Contains(a.Content, "4") {
			t.Errorf("%s: answer %+v", name, a)
		}
	}

	// The server ends despite Envoy's open stream, and Envoy keeps its configuration.
	if err := xds.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("xds ended with %v:\n%s", err, log.String())
		}
	case <-time.After(20 * time.Second):
		t.Fatal("xds does not end on SIGTERM")
	}
	if a := decode(t, post(t, newClient(false), second.URL+"/api/v1/llm/completions", askSum)); !strings.Contains(a.Content, "4") {
		t.Errorf("without the server: %+v", a)
	}
}
