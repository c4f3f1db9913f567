package kubernetes

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the Envoy configurations of the examples")

// TestEnvoyConfigurations holds the examples to what "bedrock-extproc envoy-config"
// prints. The one for TLS has the socket of transport-socket.yaml, too.
func TestEnvoyConfigurations(t *testing.T) {
	program := build(t, "./cmd/bedrock-extproc")
	service := kubernetesExamples + "/overlays/service"
	for file, c := range map[string]struct{ extproc, socket string }{
		kubernetesExamples + "/overlays/sidecar/envoy.yaml": {extproc: "unix:///run/bedrock-extproc/extproc.sock"},
		"../../examples/docker-compose/envoy/envoy.yaml":    {extproc: "unix:///run/bedrock-extproc/extproc.sock"},
		kubernetesExamples + "/overlays/service/envoy.yaml": {extproc: "bedrock-extproc:9002", socket: service + "/transport-socket.yaml"},
	} {
		t.Run(filepath.Dir(file), func(t *testing.T) {
			want := envoyConfig(t, program, c.extproc, c.socket)
			if *update {
				if err := os.WriteFile(file, want, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want), readFile(t, file)); diff != "" {
				t.Errorf("not what envoy-config prints; go test -update writes it (-want +got):\n%s", diff)
			}
		})
	}
}

// envoyConfig is a whole file, which says where it is from.
func envoyConfig(t *testing.T, program, extproc, socket string) []byte {
	t.Helper()
	args := []string{"envoy-config", "-listen", "0.0.0.0:8000", "-extproc", extproc}
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

// withSocket gives the cluster of bedrock-extproc the transport socket of a file.
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
