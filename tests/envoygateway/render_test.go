package envoygateway

import (
	"bytes"
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	egv1a1 "github.com/envoyproxy/gateway/api/v1alpha1"
	"github.com/envoyproxy/gateway/internal/infrastructure/kubernetes/proxy"
	"github.com/envoyproxy/gateway/internal/ir"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the rendered objects in tests/kubernetes/testdata")

// TestRendered renders the objects of Envoy's pods from the example's EnvoyProxy, with
// the code that Envoy Gateway runs in a cluster. tests/kubernetes checks them with the
// rules for all pods.
func TestRendered(t *testing.T) {
	for file, mode := range map[string]egv1a1.KubernetesDeployModeType{
		"envoy-gateway.yaml":                egv1a1.KubernetesDeployModeTypeControllerNamespace,
		"envoy-gateway-namespace-mode.yaml": egv1a1.KubernetesDeployModeTypeGatewayNamespace,
	} {
		t.Run(file, func(t *testing.T) {
			got := render(t, mode)
			path := "../kubernetes/testdata/" + file
			if *update {
				if err := os.WriteFile(path, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(read(t, path)), string(got)); diff != "" {
				t.Errorf("run go test -run TestRendered -update (-%s +Envoy Gateway):\n%s", path, diff)
			}
		})
	}
}

// controller is Envoy Gateway in a cluster.
type controller struct{ gateway *egv1a1.EnvoyGateway }

func (controller) GetControllerNamespace() string          { return "envoy-gateway-system" }
func (controller) GetDNSDomain() string                    { return "cluster.local" }
func (c controller) GetEnvoyGateway() *egv1a1.EnvoyGateway { return c.gateway }
func (c controller) GetResourceNamespace(i *ir.Infra) string {
	if c.gateway.GatewayNamespaceMode() {
		return i.Proxy.Namespace
	}
	return c.GetControllerNamespace()
}

func (controller) GetOwnerReferenceUID(context.Context, *ir.Infra) (map[string]types.UID, error) {
	return map[string]types.UID{"Gateway": "uid", "GatewayClass": "uid"}, nil
}

// render returns the Deployment, autoscaler, disruption budget and service account.
func render(t *testing.T, mode egv1a1.KubernetesDeployModeType) []byte {
	t.Helper()
	gateway := egv1a1.DefaultEnvoyGateway()
	gateway.Provider.Kubernetes = &egv1a1.EnvoyGatewayKubernetesProvider{}
	gateway.Provider.Kubernetes.Deploy = &egv1a1.KubernetesDeployMode{Type: &mode}
	gateway.SetEnvoyGatewayDefaults()
	renderer, err := proxy.NewResourceRender(t.Context(), controller{gateway}, infra(t, gateway.GatewayNamespaceMode()))
	if err != nil {
		t.Fatal(err)
	}
	all := []byte("# What Envoy Gateway creates from examples/envoy-gateway/gateway.yaml. Written by\n" +
		"# \"go test -run TestRendered -update\" in tests/envoygateway.\n")
	deployment, err := renderer.Deployment()
	shorten(t, deployment)
	all = appendObject(t, all, deployment, err)
	autoscaler, err := renderer.HorizontalPodAutoscaler()
	all = appendObject(t, all, autoscaler, err)
	budget, err := renderer.PodDisruptionBudget()
	all = appendObject(t, all, budget, err)
	account, err := renderer.ServiceAccount()
	return appendObject(t, all, account, err)
}

// infra returns what Envoy Gateway's translation knows about the Envoys of the example.
func infra(t *testing.T, namespaceMode bool) *ir.Infra {
	t.Helper()
	i := ir.NewInfra()
	i.Proxy.Config = &egv1a1.EnvoyProxy{}
	for object := range bytes.SplitSeq(read(t, example+"/gateway.yaml"), []byte("\n---\n")) {
		if bytes.Contains(object, []byte("\nkind: EnvoyProxy\n")) {
			if err := yaml.UnmarshalStrict(object, i.Proxy.Config); err != nil {
				t.Fatal(err)
			}
		}
	}
	i.Proxy.Name, i.Proxy.Namespace = "bedrock/bedrock", "bedrock"
	i.Proxy.Listeners = []*ir.ProxyListener{{Ports: []ir.ListenerPort{{Name: "https-443", Protocol: ir.HTTPSProtocolType, ContainerPort: 10443}}}}
	m := i.Proxy.GetProxyMetadata()
	m.OwnerReference = &ir.ResourceMetadata{Kind: "GatewayClass", Name: "bedrock"}
	if namespaceMode {
		i.Proxy.Name, m.OwnerReference.Kind = "bedrock", "Gateway"
	}
	m.Labels["gateway.envoyproxy.io/owning-gateway-name"] = "bedrock"
	m.Labels["gateway.envoyproxy.io/owning-gateway-namespace"] = "bedrock"
	return i
}

// shorten removes Envoy's bootstrap, which no rule reads.
func shorten(t *testing.T, d *appsv1.Deployment) {
	t.Helper()
	for _, c := range d.Spec.Template.Spec.Containers {
		for i, arg := range c.Args {
			if strings.Contains(arg, "static_resources:") {
				c.Args[i] = "(Envoy's bootstrap)"
			}
		}
	}
}

func appendObject(t *testing.T, all []byte, object any, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return append(append(all, "---\n"...), text...)
}
