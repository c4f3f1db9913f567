package kubernetes

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// A hostTemplate is a template of the chart for Istio or Envoy Gateway. It is made of files
// of an example, whose values it replaces with those of the chart.
type hostTemplate struct {
	condition string
	files     []string
	// values are pairs of a text in the files and the template's text.
	values []string
}

var (
	// podValues are in each example.
	podValues = []string{
		"image: bedrock-extproc:dev", `image: {{ include "bedrock-extproc.image" . | quote }}`,
		"-max-calls=1000", "-max-calls={{ .Values.maxCalls }}",
		"value: 460MiB", `value: {{ include "bedrock-extproc.gomemlimit" . }}`,
		"limits: {memory: 512Mi}", `limits: {memory: "{{ .Values.memoryMiB }}Mi"}`,
		"minReplicas: 2", "minReplicas: {{ .Values.autoscaling.minReplicas }}",
		"maxReplicas: 10", "maxReplicas: {{ .Values.autoscaling.maxReplicas }}",
		"averageUtilization: 70", "averageUtilization: {{ .Values.autoscaling.cpu }}",
	}
	// hostValues are about the host for model calls.
	hostValues = []string{"llm.example.com", "{{ .Values.host }}", "llm-example-com", "{{ .Values.certificateSecret }}"}
	gateway    = append([]string{
		"namespace: bedrock\n", "namespace: {{ .Release.Namespace }}\n",
		"namespace: istio-ingress\n", "namespace: {{ .Values.istio.gateway.namespace }}\n",
		"istio: ingressgateway\n", "{{ .Values.istio.gateway.label }}: {{ .Values.istio.gateway.labelValue | quote }}\n",
	}, hostValues...)
)

func hostTemplates() map[string]hostTemplate {
	const istioGateway = `eq .Values.mode "istio-gateway"`
	return map[string]hostTemplate{
		"istio-gateway": {istioGateway, []string{
			"istio/gateway/bedrock-extproc.yaml", "istio/gateway/auth.yaml", "istio/gateway/filter.yaml",
			"istio/gateway/accesslog.yaml", "istio/gateway/replies.yaml", "istio/gateway/egress.yaml",
		}, slices.Concat(podValues, gateway, []string{
			"ns/istio-ingress/sa/istio-ingressgateway", "ns/{{ .Values.istio.gateway.namespace }}/sa/{{ .Values.istio.gateway.account }}",
			"exportTo: [istio-ingress]", "exportTo: [{{ .Values.istio.gateway.namespace }}]",
			"bedrock-extproc.bedrock.svc", "bedrock-extproc.{{ .Release.Namespace }}.svc",
			"services: bedrock/", "services: {{ .Release.Namespace }}/",
			"us-east-1", "{{ .Values.istio.region }}",
			"https://issuer.example.com/.well-known/jwks.json", "{{ .Values.jwt.jwksUri }}",
			"https://issuer.example.com", "{{ .Values.jwt.issuer }}",
			"audiences: [llm]", "audiences: [{{ .Values.jwt.audience | quote }}]",
			"[llm-users]", "[{{ .Values.jwt.group | quote }}]",
			"llm-users", "{{ .Values.jwt.group }}", // in a comment
		})},
		"istio-gateway-istio": {"and (" + istioGateway + ") (not .Values.istio.gateway.gatewayAPI)", []string{"istio/gateway/gateway.yaml"}, gateway},
		"istio-gateway-api":   {"and (" + istioGateway + ") .Values.istio.gateway.gatewayAPI", []string{"istio/gateway/gateway-api.yaml"}, gateway},
		"istio-sidecar": {`eq .Values.mode "istio-sidecar"`, []string{
			"istio/sidecar/llm.yaml", "istio/sidecar/auth.yaml", "istio/sidecar/filter.yaml",
			"istio/sidecar/accesslog.yaml", "istio/sidecar/replies.yaml", "istio/sidecar/egress.yaml",
		}, slices.Concat(podValues, []string{
			"namespace: llm\n", "namespace: {{ .Release.Namespace }}\n",
			"us-east-1", "{{ .Values.istio.region }}",
			"principals: [cluster.local/ns/search/sa/agent, cluster.local/ns/support/sa/bot]", "principals: {{ toJson .Values.istio.callers }}",
		})},
		"envoy-gateway": {`eq .Values.mode "envoy-gateway"`, []string{
			"envoy-gateway/gateway.yaml", "envoy-gateway/route.yaml", "envoy-gateway/extproc.yaml", "envoy-gateway/security.yaml", "envoy-gateway/limits.yaml",
		}, slices.Concat(podValues, hostValues, []string{
			"namespace: bedrock\n", "namespace: {{ .Release.Namespace }}\n",
			"https://issuer.example/.well-known/jwks.json", "{{ .Values.jwt.jwksUri }}",
			"https://issuer.example", "{{ .Values.jwt.issuer }}",
			"audiences: [bedrock]", "audiences: [{{ .Values.jwt.audience | quote }}]",
			"values: [llm]", "values: [{{ .Values.jwt.group | quote }}]",
		})},
	}
}

// ownKinds are objects that the chart's own templates, or Helm, create.
var ownKinds = []string{"Namespace", "ServiceAccount", "ConfigMap"}

// text returns the template.
func (h hostTemplate) text(t *testing.T) string {
	t.Helper()
	var objects []string
	for _, file := range h.files {
		for object := range strings.SplitSeq(readFile(t, examples+file), "\n---\n") {
			var kind struct{ Kind string }
			if err := yaml.Unmarshal([]byte(object), &kind); err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(ownKinds, kind.Kind) {
				objects = append(objects, strings.TrimSpace(object)+"\n")
			}
		}
	}
	all := strings.Join(objects, "---\n")
	for i := 0; i < len(h.values); i += 2 {
		if !strings.Contains(all, h.values[i]) && !slices.Contains(gateway, h.values[i]) {
			t.Errorf("%v have no %q", h.files, h.values[i])
		}
	}
	return fmt.Sprintf("{{- /* From %s, by \"go test -update\" in tests/kubernetes. */ -}}\n{{- if %s }}\n%s{{- end }}\n",
		strings.Join(h.files, ", "), h.condition, strings.NewReplacer(h.values...).Replace(all))
}

// TestChartHosts compares the chart's templates for Istio and Envoy Gateway with the
// examples.
func TestChartHosts(t *testing.T) {
	for name, h := range hostTemplates() {
		file, want := chartFolder+"/templates/"+name+".yaml", h.text(t)
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, readFile(t, file)); diff != "" {
			t.Errorf("%s is stale, run go test -update (-want +got):\n%s", file, diff)
		}
	}
}

// manifest is any object.
type manifest = map[string]any

// manifests returns all objects in some YAML by kind, namespace and name, but for those of
// ownKinds.
func manifests(t *testing.T, text []byte) map[string]manifest {
	t.Helper()
	all := map[string]manifest{}
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		var m manifest
		if err := yaml.Unmarshal(document, &m); err != nil {
			t.Fatalf("%v:\n%s", err, document)
		}
		if m != nil && !slices.Contains(ownKinds, fmt.Sprint(m["kind"])) {
			metadata := m["metadata"].(manifest)
			all[fmt.Sprint(m["kind"], " ", metadata["namespace"], "/", metadata["name"])] = m
		}
	}
	return all
}

// rendered returns the chart's objects.
func rendered(t *testing.T, with string) map[string]manifest {
	t.Helper()
	files, err := render(t, "bedrock-extproc", with)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".yaml") {
			all = append(all, files[name])
		}
	}
	return manifests(t, []byte(strings.Join(all, "\n---\n")))
}

// TestChartIsTheIstioExample edits ingress.yaml and sets the same values: the chart's objects
// are those of Kustomize.
func TestChartIsTheIstioExample(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(examples)); err != nil {
		t.Fatal(err)
	}
	for old, edited := range map[string]string{
		"namespace: istio-ingress": "namespace: public", "istio: ingressgateway": "istio: edge",
		"serviceAccountName: istio-ingressgateway": "serviceAccountName: edge", "hostname: llm.example.com": "hostname: chat.example.net",
	} {
		file := dir + "/istio/gateway/ingress.yaml"
		if err := os.WriteFile(file, []byte(strings.Replace(readFile(t, file), old, edited, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := kustomized(t, dir+"/istio/gateway")
	got := rendered(t, "{mode: istio-gateway, host: chat.example.net, istio: {gateway: {namespace: public, labelValue: edge, account: edge}}}")
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 12 {
		t.Errorf("gateway, %d objects (-kustomize +chart):\n%s", len(want), diff)
	}
	want = kustomized(t, examples+"istio/sidecar")
	for _, m := range want { // the release is in another namespace
		m["metadata"].(manifest)["namespace"] = "bedrock"
	}
	if diff := cmp.Diff(slices.Collect(maps.Values(want)), slices.Collect(maps.Values(rendered(t, "mode: istio-sidecar"))), sorted); diff != "" {
		t.Errorf("sidecar (-kustomize +chart):\n%s", diff)
	}
}

func kustomized(t *testing.T, folder string) map[string]manifest {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return manifests(t, text)
}

// sorted compares lists of objects in any order.
var sorted = cmpopts.SortSlices(func(a, b manifest) bool {
	return fmt.Sprint(a["kind"], a["metadata"].(manifest)["name"]) < fmt.Sprint(b["kind"], b["metadata"].(manifest)["name"])
})

// TestChartIstioPods checks the pods for Istio, of other values, with the rules for the
// examples.
func TestChartIstioPods(t *testing.T) {
	for _, example := range istioExamples {
		o := loadChart(t, "llm", "{mode: "+strings.ReplaceAll(example, "/", "-")+", maxCalls: 50, memoryMiB: 2048, autoscaling: {minReplicas: 3}}")
		o.example, o.host.containers = example, []string{"istio-proxy"}
		if len(o.deployments) != 1 || o.minimum(o.deployments[0]) != 3 {
			t.Errorf("%s: %d Deployments", example, len(o.deployments))
		}
		for _, finding := range o.findings() {
			t.Errorf("%s: %s", example, finding)
		}
	}
}

// TestChartIsTheEnvoyGatewayExample compares the chart's objects with the example's files.
func TestChartIsTheEnvoyGatewayExample(t *testing.T) {
	var text []string
	for _, file := range hostTemplates()["envoy-gateway"].files {
		text = append(text, readFile(t, examples+file))
	}
	want := manifests(t, []byte(strings.Join(text, "\n---\n")))
	got := rendered(t, "{mode: envoy-gateway, jwt: {issuer: 'https://issuer.example', jwksUri: 'https://issuer.example/.well-known/jwks.json', audience: bedrock, group: llm}}")
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 8 {
		t.Errorf("%d objects (-example +chart):\n%s", len(want), diff)
	}
}

// TestChartReplaces checks that no value of an example is left when all values differ.
func TestChartReplaces(t *testing.T) {
	for _, mode := range []string{"istio-gateway", "istio-sidecar", "envoy-gateway"} {
		for _, api := range []string{"false", "true"} {
			files, err := render(t, "bedrock-extproc", `{mode: `+mode+`, image: {repository: r, tag: t}, config: "{}", maxCalls: 7, memoryMiB: 300, host: h.test, certificateSecret: c,
  autoscaling: {minReplicas: 3, maxReplicas: 4, cpu: 50}, jwt: {issuer: 'https://i.test', jwksUri: 'https://i.test/k', audience: a, group: g},
  istio: {region: eu-west-1, callers: [c/ns/o/sa/s], gateway: {namespace: edge, label: l, labelValue: v, account: s, gatewayAPI: `+api+`}}, envoyGateway: {namespace: e}}`)
			if err != nil {
				t.Fatal(err)
			}
			objects := 0
			for name, text := range files {
				objects += strings.Count(text, "\nkind:")
				for _, old := range []string{
					"bedrock-extproc:dev", "max-calls=1000", "460MiB", "example.com", "example/", "llm-users", "audiences: [llm]", "audiences: [bedrock]", "values: [llm]", "istio-ingress", "ingressgateway",
					"us-east-1", "ns/search", "namespace: llm", "minReplicas: 2", "maxReplicas: 10", "llm-example-com", "envoy-gateway-system",
				} {
					if strings.Contains(text, old) {
						t.Errorf("%s: %s has %s", mode, name, old)
					}
				}
			}
			if objects < 9 {
				t.Errorf("%s: %d objects", mode, objects)
			}
		}
	}
}
