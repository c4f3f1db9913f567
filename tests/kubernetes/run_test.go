package kubernetes

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRun starts the pods of each overlay on this machine and makes calls.
func TestRun(t *testing.T) {
	for _, name := range overlays {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, load(t, name))
			processes := n.startAll(t)
			n.validates(t)
			envoy := processes["envoy"]
			t.Run("answers", func(t *testing.T) { answers(t, n.site, envoy) })
			t.Run("reads a changed ConfigMap", n.reloads)
			t.Run("drains", func(t *testing.T) {
				n.drains(t, envoy)
				for _, sidecar := range n.objects.deployment("envoy").Spec.Template.Spec.InitContainers {
					processes[sidecar.Name].end(t)
				}
			})
		})
	}
}

// validates runs both programs' own validation of their files; bedrock-extproc's are
// not adapted to this machine.
func (n *node) validates(t *testing.T) {
	t.Helper()
	config := filepath.Join(n.folder("configmap-bedrock-extproc"), "config.yaml")
	if out, err := exec.CommandContext(t.Context(), n.programs["bedrock-extproc"], "validate", config).CombinedOutput(); err != nil {
		t.Errorf("bedrock-extproc validate: %v\n%s", err, out)
	}
	envoy := n.objects.deployment("envoy").Spec.Template.Spec
	command := append(n.command(&envoy, container(&envoy, "envoy")), "--mode", "validate")
	if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Errorf("envoy --mode validate: %v\n%s", err, out)
	}
}

// reloads changes the ConfigMap of running pods.
func (n *node) reloads(t *testing.T) {
	data := map[string]string{}
	for name, text := range n.objects.configMap("bedrock-extproc").Data {
		data[name] = strings.ReplaceAll(text, "bedrock-us", "renamed")
	}
	n.fill(t, "configmap-bedrock-extproc", data, nil)
	n.awaitDefault(t, "renamed")
}

// drains stops Envoy like a kubelet while an answer is in progress.
func (n *node) drains(t *testing.T, envoy *process) {
	first, rest := stream(t, n.site, `{"messages": [{"role": "user", "content": "x"}], "request_metadata": {"fake.tokens": "80", "fake.pace": "100ms"}}`)
	if !strings.Contains(first, "content_delta") {
		t.Fatalf("the stream starts with %q", first)
	}
	pod := n.objects.deployment("envoy").Spec.Template.Spec
	c := container(&pod, "envoy")
	var preStop []string
	for _, arg := range c.Lifecycle.PreStop.Exec.Command {
		preStop = append(preStop, n.here(arg, n.mounts(&pod, c)))
	}
	if out, err := exec.CommandContext(t.Context(), preStop[0], preStop[1:]...).CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", preStop, err, out)
	}
	if !closes(t, n.site) {
		t.Error("Envoy does not close connections")
	}
	envoy.end(t)
	if got := <-rest; !strings.Contains(got, `"type":"message_stop"`) {
		t.Errorf("the stream ends with %q", got)
	}
}
