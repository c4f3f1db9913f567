package istio

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1alpha3 "istio.io/api/networking/v1alpha3"
	securityv1beta1 "istio.io/api/security/v1beta1"
	"istio.io/istio/operator/pkg/helm"
	"istio.io/istio/operator/pkg/values"
	"istio.io/istio/pkg/config"
	kubelib "istio.io/istio/pkg/kube"
	appsv1 "k8s.io/api/apps/v1"
)

// ingress identifies an ingress gateway: the values of ingress.yaml.
type ingress struct {
	namespace, account string
	labels             map[string]string
}

// release returns the gateway that "helm install NAME istio/gateway" creates, from
// Istio's own chart.
func release(t *testing.T, name, namespace string) ingress {
	t.Helper()
	manifests, _, err := helm.Render(name, namespace, "gateway", values.Map{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifests {
		if m.GetKind() != "Deployment" {
			continue
		}
		object, _, err := kubelib.IstioCodec.UniversalDeserializer().Decode([]byte(m.Content), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		template := object.(*appsv1.Deployment).Spec.Template
		return ingress{namespace, template.Spec.ServiceAccountName, template.Labels}
	}
	t.Fatalf("no Deployment among %d objects of the chart", len(manifests))
	return ingress{}
}

// TestIngress edits ingress.yaml for gateways of other names, as the README describes.
// Every selector, principal and host follows.
func TestIngress(t *testing.T) {
	for _, name := range []string{"istio-ingress", "edge"} {
		t.Run(name, func(t *testing.T) {
			gateway := release(t, name, "public")
			label := "istio: " + gateway.labels["istio"]
			e := loadFolder(t, edited(t, map[string][]string{
				"ingress.yaml": {
					"namespace: istio-ingress", "namespace: public", "istio: ingressgateway", label,
					"serviceAccountName: istio-ingressgateway", "serviceAccountName: " + gateway.account,
					"hostname: llm.example.com", "hostname: chat.example.net",
				},
			}))
			e.ingress = gateway
			testFollows(t, e, 6)
			testAdmitted(t, e, "https.443.https-llm.llm.public")
		})
	}
}

// edited returns a copy of gateway/ with the replacements made in its files. Each text
// must be there once.
func edited(t *testing.T, replacements map[string][]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/istio/gateway")); err != nil {
		t.Fatal(err)
	}
	for name, texts := range replacements {
		file := filepath.Join(dir, name)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(texts); i += 2 {
			if n := strings.Count(string(text), texts[i]); n != 1 {
				t.Fatalf("%s has %q %d times", name, texts[i], n)
			}
		}
		if err := os.WriteFile(file, []byte(strings.NewReplacer(texts...).Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// testFollows checks each object that is about the gateway. want is the number of those
// that select its pods.
func testFollows(t *testing.T, e example, want int) {
	t.Helper()
	selectors := 0
	for _, c := range e.istio {
		about := c.GroupVersionKind.Kind + " " + c.Name
		if text := fmt.Sprint(c.Spec); strings.Contains(text, "llm.example.com") || strings.Contains(text, "istio-ingressgateway") {
			t.Errorf("%s has an old value", about)
		}
		if got := selector(c); got != nil && c.Namespace != "bedrock" {
			selectors++
			for name, value := range got {
				if len(got) != 1 || e.ingress.labels[name] != value {
					t.Errorf("%s selects %v, and the gateway has %v", about, got, e.ingress.labels)
				}
			}
		}
		if rule, ok := c.Spec.(*networkingv1alpha3.DestinationRule); ok && !slices.Equal(rule.GetExportTo(), []string{e.ingress.namespace}) {
			t.Errorf("%s is exported to %v", about, rule.GetExportTo())
		}
		if c.Namespace != "bedrock" && c.Namespace != e.ingress.namespace {
			t.Errorf("%s is in namespace %s", about, c.Namespace)
		}
	}
	if selectors != want {
		t.Errorf("%d selectors of the gateway, want %d", selectors, want)
	}
}

// selector returns the pod labels that an object selects, or nil.
func selector(c config.Config) map[string]string {
	switch spec := c.Spec.(type) {
	case *networkingv1alpha3.Gateway:
		return spec.GetSelector()
	case *networkingv1alpha3.EnvoyFilter:
		return spec.GetWorkloadSelector().GetLabels()
	case *securityv1beta1.RequestAuthentication:
		return spec.GetSelector().GetMatchLabels()
	case *securityv1beta1.AuthorizationPolicy:
		return spec.GetSelector().GetMatchLabels()
	}
	return nil
}

// testAdmitted checks in pilot's configuration that the gateway has the filter, its
// policy for the host, the routes of that name and the cluster, and that bedrock-extproc's
// proxy admits its account.
func testAdmitted(t *testing.T, e example, routes string) {
	t.Helper()
	plane := startPilot(t, e)
	g := plane.gateway()
	m := gatewayManager(t, g, "chat.example.net")
	want := []string{"envoy.filters.http.jwt_authn", "envoy.filters.http.rbac", "envoy.filters.http.ext_proc", "envoy.filters.http.router"}
	if diff := cmp.Diff(want, order(m)); diff != "" {
		t.Errorf("gateway (-want +got):\n%s", diff)
	}
	if rbac := fmt.Sprint(named(t, m.GetHttpFilters(), "envoy.filters.http.rbac")); !strings.Contains(rbac, "chat.example.net") {
		t.Errorf("the policy is for another host: %s", rbac)
	}
	hosts := named(t, g.routes, routes).GetVirtualHosts()
	if len(hosts) != 1 || len(hosts[0].GetRoutes()) != 1 || hosts[0].GetRoutes()[0].GetTypedPerFilterConfig()["envoy.filters.http.ext_proc"] == nil {
		t.Errorf("no route enables the filter: %v", hosts)
	}
	named(t, g.clusters, gatewayCluster)
	account := "/ns/" + e.ingress.namespace + "/sa/" + e.ingress.account
	if listener := fmt.Sprint(named(t, plane.sidecar(e).listeners, "virtualInbound")); !strings.Contains(listener, account) {
		t.Errorf("bedrock-extproc's proxy does not admit %s", account)
	}
}
