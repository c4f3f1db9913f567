package kubernetes

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

const chartFolder = "../../charts/bedrock-extproc"

// values are values of the chart, in YAML.
func values(t testing.TB, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// render returns the files that "helm template RELEASE" prints, by the names of their
// templates.
func render(t testing.TB, release, with string) (map[string]string, error) {
	t.Helper()
	chart, err := loader.Load(chartFolder)
	if err != nil {
		t.Fatal(err)
	}
	options := common.ReleaseOptions{Name: release, Namespace: "bedrock", IsInstall: true, Revision: 1}
	all, err := util.ToRenderValues(chart, values(t, with), options, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(chart, all)
}

var istioKind = regexp.MustCompile(`(?m)^apiVersion: \w+\.istio\.io/`)

// loadChart returns the chart's objects, without those of Istio, which no rule supports.
// Helm creates no namespace, so it is added: the one of examples/kubernetes.
func loadChart(t testing.TB, release, with string) *objects {
	t.Helper()
	files, err := render(t, release, with)
	if err != nil {
		t.Fatal(err)
	}
	o := &objects{}
	o.decode(t, []byte(readFile(t, kubernetesExamples+"/base/namespace.yaml")))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) != ".yaml" {
			continue
		}
		for text := range strings.SplitSeq(files[name], "\n---\n") {
			if strings.TrimSpace(text) != "" && !istioKind.MatchString(text) {
				o.decode(t, []byte(text))
			}
		}
	}
	return o
}

// sameValues are the values with which the chart creates the objects of an overlay.
func sameValues(overlay string) string {
	return "{mode: " + overlay + ", envoy: {fullnameOverride: envoy}}"
}

// TestChartIsTheExample compares the chart's objects with those of examples/kubernetes.
func TestChartIsTheExample(t *testing.T) {
	for _, overlay := range overlays {
		want, got := compared(t, load(t, overlay)), compared(t, loadChart(t, "bedrock-extproc", sameValues(overlay)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-kustomize +chart):\n%s", overlay, diff)
		}
	}
}

var hash = regexp.MustCompile(`^envoy-[0-9a-z]{10}$`)

// compared returns all objects by kind and name, without what the two tools do
// differently on purpose:
//   - Helm's labels, which tell releases apart. Only app.kubernetes.io/name is compared.
//   - How a change of Envoy's files starts new pods: Kustomize adds a hash to the name of
//     the ConfigMap, the chart an annotation to the pods.
//   - Values that Kubernetes itself would set: the image's pull policy, the Service's type.
func compared(t *testing.T, o *objects) map[string]runtime.Object {
	t.Helper()
	all := map[string]runtime.Object{}
	for _, object := range o.all {
		m, err := meta.Accessor(object)
		if err != nil {
			t.Fatal(err)
		}
		m.SetName(hash.ReplaceAllString(m.GetName(), "envoy"))
		if _, ok := object.(*corev1.Namespace); !ok {
			m.SetLabels(nil)
		}
		all[object.GetObjectKind().GroupVersionKind().Kind+" "+m.GetName()] = object
	}
	for _, s := range o.services {
		s.Spec.Type = ""
		plain(s.Spec.Selector)
	}
	for _, d := range o.deployments {
		plainPod(&d.Spec.Template)
		plain(d.Spec.Selector.MatchLabels)
	}
	for _, b := range o.budgets {
		plain(b.Spec.Selector.MatchLabels)
	}
	for _, p := range o.policies {
		plain(p.Spec.PodSelector.MatchLabels)
		for _, rule := range p.Spec.Ingress {
			for _, peer := range rule.From {
				plainSelector(peer.PodSelector)
			}
		}
		for _, rule := range p.Spec.Egress {
			for _, peer := range rule.To {
				plainSelector(peer.PodSelector)
			}
		}
	}
	return all
}

func plainPod(template *corev1.PodTemplateSpec) {
	plain(template.Labels)
	delete(template.Annotations, "checksum/envoy")
	if len(template.Annotations) == 0 {
		template.Annotations = nil
	}
	for _, c := range containers(&template.Spec) {
		c.ImagePullPolicy = ""
	}
	for _, c := range template.Spec.TopologySpreadConstraints {
		plainSelector(c.LabelSelector)
	}
	for _, v := range template.Spec.Volumes {
		if v.ConfigMap != nil {
			v.ConfigMap.Name = hash.ReplaceAllString(v.ConfigMap.Name, "envoy")
		}
	}
}

func plainSelector(s *metav1.LabelSelector) {
	if s != nil {
		plain(s.MatchLabels)
	}
}

func plain(labels map[string]string) {
	for _, name := range []string{"app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "helm.sh/chart"} {
		delete(labels, name)
	}
}
