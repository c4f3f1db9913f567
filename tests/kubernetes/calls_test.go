package kubernetes

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"sigs.k8s.io/yaml"
)

const callsMetric = "bedrock_extproc_calls_in_flight"

var commented = regexp.MustCompile(`(?m)^# (components:|- .*components/(irsa|calls-in-flight))$`)

// TestCallsInFlight activates the optional components, as the kustomizations say: the
// autoscalers then also count calls, and add pods before -max-calls is reached.
func TestCallsInFlight(t *testing.T) {
	for _, name := range ourFiles {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(examples)); err != nil {
				t.Fatal(err)
			}
			folder := dir + "/" + name
			if slices.Contains(overlays, name) {
				folder = dir + "/kubernetes/overlays/" + name
			}
			file := folder + "/kustomization.yaml"
			text := strings.ReplaceAll(readFile(t, file), " # or ../../components/irsa", "")
			if err := os.WriteFile(file, []byte(commented.ReplaceAllString(text, "$1")), 0o600); err != nil {
				t.Fatal(err)
			}
			o := loadFolder(t, folder)
			if len(o.autoscalers) != 1 {
				t.Fatalf("%d autoscalers", len(o.autoscalers))
			}
			testCountsCalls(t, o, o.autoscalers[0])
			if _, ok := o.serviceAccounts[0].Annotations[roleAnnotation]; ok != strings.Contains(text, "# - ../../kubernetes/components/irsa") {
				t.Errorf("the account's annotations are %v", o.serviceAccounts[0].Annotations)
			}
		})
	}
}

func testCountsCalls(t *testing.T, o *objects, h *autoscalingv2.HorizontalPodAutoscaler) {
	t.Helper()
	at := slices.IndexFunc(h.Spec.Metrics, func(m autoscalingv2.MetricSpec) bool { return m.Pods != nil && m.Pods.Metric.Name == callsMetric })
	if at < 0 || len(h.Spec.Metrics) != 2 {
		t.Fatalf("metrics: %v", h.Spec.Metrics)
	}
	most, err := strconv.ParseInt(flagValue(container(pod(o, h.Spec.ScaleTargetRef.Name), "bedrock-extproc"), "max-calls"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if target := h.Spec.Metrics[at].Pods.Target.AverageValue.Value(); target*100 != most*70 {
		t.Errorf("adds pods at %d of %d calls", target, most)
	}
}

// TestAdapterRule checks that prometheus-adapter serves a metric that bedrock-extproc
// has, under the autoscaler's name.
func TestAdapterRule(t *testing.T) {
	var values struct {
		Rules struct {
			Custom []struct {
				SeriesQuery, MetricsQuery string
				Name                      struct{ As string }
			}
		}
	}
	text := readFile(t, kubernetesExamples+"/components/calls-in-flight/prometheus-adapter.yaml")
	if err := yaml.Unmarshal([]byte(text), &values); err != nil {
		t.Fatal(err)
	}
	rule := values.Rules.Custom[0]
	if rule.Name.As != callsMetric || !strings.HasPrefix(rule.SeriesQuery, callsMetric+"{") || !strings.Contains(rule.MetricsQuery, "<<.LabelMatchers>>") {
		t.Errorf("rule: %+v", rule)
	}
	if !strings.Contains(readFile(t, "../../docs/metrics.md"), "| `"+callsMetric+"` | gauge |") {
		t.Errorf("bedrock-extproc has no gauge %s", callsMetric)
	}
}
