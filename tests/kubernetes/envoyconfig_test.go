package kubernetes

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "regenerate the Envoy configurations of the examples")

// TestEnvoyConfigurations compares the examples and the Helm chart with the output of
// "bedrock-extproc envoy-config". The one with TLS also has the socket of
// transport-socket.yaml.
func TestEnvoyConfigurations(t *testing.T) {
	program := build(t, "./cmd/bedrock-extproc")
	service := kubernetesExamples + "/overlays/service"
	for file, c := range map[string]struct{ extproc, socket string }{
		kubernetesExamples + "/overlays/sidecar/envoy.yaml": {extproc: "unix:///run/bedrock-extproc/extproc.sock"},
		"../../examples/docker-compose/envoy/envoy.yaml":    {extproc: "unix:///run/bedrock-extproc/extproc.sock"},
		kubernetesExamples + "/overlays/service/envoy.yaml": {extproc: "bedrock-extproc:9002", socket: service + "/transport-socket.yaml"},
		chartFolder + "/files/envoy-sidecar.yaml":           {extproc: "unix:///run/bedrock-extproc/extproc.sock"},
		chartFolder + "/files/envoy-service.yaml":           {extproc: "bedrock-extproc:9002", socket: service + "/transport-socket.yaml"},
	} {
		t.Run(strings.TrimPrefix(file, "../../"), func(t *testing.T) {
			want := envoyConfig(t, program, c.extproc, c.socket)
			if *update {
				if err := os.WriteFile(file, want, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want), readFile(t, file)); diff != "" {
				t.Errorf("stale, run go test -update (-want +got):\n%s", diff)
			}
		})
	}
}

// envoyConfig returns the file with a first line that says how it was made.
func envoyConfig(t *testing.T, program, extproc, socket string) []byte {
	t.Helper()
	args := []string{"envoy-config", "-slow-reader-timeout", "0", "-listen", "0.0.0.0:8000", "-extproc", extproc}
	printed, err := exec.CommandContext(t.Context(), program, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	about := []byte("# From: bedrock-extproc " + strings.Join(args, " "))
	if socket != "" {
		about = append(about, ", and transport-socket.yaml in its cluster"...)
		printed = withSocket(t, printed, socket)
	}
	return bytes.Join([][]byte{about, printed}, []byte("\n"))
}

// withSocket adds the transport socket in file to bedrock-extproc's cluster.
func withSocket(t *testing.T, config []byte, file string) []byte {
	t.Helper()
	var whole, socket map[string]any
	if err := yaml.Unmarshal(config, &whole); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(readFile(t, file)), &socket); err != nil {
		t.Fatal(err)
	}
	clusters := whole["static_resources"].(map[string]any)["clusters"].([]any)
	clusters[0].(map[string]any)["transport_socket"] = socket
	text, err := yaml.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func readFile(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
