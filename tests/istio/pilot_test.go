package istio

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config/mesh"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// proxyVersion is the version that proxies report: the oldest that the examples
// support.
const proxyVersion = "1.29.0"

// generated is the configuration that pilot sends to one proxy.
type generated struct {
	listeners []*listenerv3.Listener
	routes    []*routev3.RouteConfiguration
	clusters  []*clusterv3.Cluster
	endpoints []*endpointv3.ClusterLoadAssignment
}

// controlPlane is Istio's control plane with an example applied.
type controlPlane struct {
	server *xds.FakeDiscoveryServer
	// pod is the address of the example's pod. It is a loopback address, so that an
	// Envoy can listen on it.
	pod     string
	ingress ingress
}

func startPilot(t *testing.T, e example) *controlPlane {
	t.Helper()
	pod := fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(250), 1+rand.IntN(250), 1+rand.IntN(250))
	objects := slices.Concat(e.kubernetes, []runtime.Object{e.ingress.service()}, running(e, pod))
	server := xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
		Configs: e.istio, KubernetesObjects: objects, MeshConfig: meshConfig(),
	})
	return &controlPlane{server: server, pod: pod, ingress: e.ingress}
}

// meshConfig returns the default mesh configuration.
func meshConfig() *meshv1alpha1.MeshConfig {
	m := mesh.DefaultMeshConfig()
	m.EnableAutoMtls = wrapperspb.Bool(true)
	m.DefaultProviders = &meshv1alpha1.MeshConfig_DefaultProviders{Metrics: []string{"prometheus"}}
	return m
}

// gateway returns the ingress gateway's configuration.
func (c *controlPlane) gateway() generated {
	return c.generate(model.Router, c.ingress.namespace, c.ingress.account, "10.0.0.2", c.ingress.labels)
}

// sidecar returns the configuration of the istio-proxy in the example's pod.
func (c *controlPlane) sidecar(e example) generated {
	d := e.deployment()
	return c.generate(model.SidecarProxy, d.Namespace, d.Spec.Template.Spec.ServiceAccountName, c.pod, d.Spec.Template.Labels)
}

func (c *controlPlane) generate(kind model.NodeType, namespace, account, address string, labels map[string]string) generated {
	p := c.server.SetupProxy(&model.Proxy{
		Type: kind, ConfigNamespace: namespace, IPAddresses: []string{address}, Labels: labels, ID: account + "." + namespace,
		Metadata: &model.NodeMetadata{
			IstioVersion: proxyVersion, Namespace: namespace, Labels: labels, ServiceAccount: account, ClusterID: "Kubernetes",
		},
	})
	return generated{
		listeners: c.server.Listeners(p), routes: c.server.Routes(p),
		clusters: c.server.Clusters(p), endpoints: c.server.Endpoints(p),
	}
}

func (e example) deployment() *appsv1.Deployment { return only[*appsv1.Deployment](e)[0] }
func (e example) service() *corev1.Service       { return only[*corev1.Service](e)[0] }
