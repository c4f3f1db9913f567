package istio

import (
	"fmt"
	"testing"

	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pilot/test/xdstest"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// proxyVersion is what the proxies say that they are: the oldest that the examples
// are for.
const proxyVersion = "1.29.0"

// generated is what pilot sends to one proxy.
type generated struct {
	listeners []*listenerv3.Listener
	routes    []*routev3.RouteConfiguration
	clusters  []*clusterv3.Cluster
}

// pilot runs Istio's control plane on an example.
func pilot(t *testing.T, e example) *xds.FakeDiscoveryServer {
	t.Helper()
	objects := append([]runtime.Object{}, e.kubernetes...)
	for _, deployment := range only[*appsv1.Deployment](e) {
		objects = append(objects, running(deployment, only[*corev1.Service](e)[0])...)
	}
	return xds.NewFakeDiscoveryServer(t, xds.FakeOptions{Configs: e.istio, KubernetesObjects: objects})
}

// podAddress is where the pod of an example is.
const podAddress = "10.0.0.9"

// running is a pod of a deployment, and the endpoint that Kubernetes makes of it if
// the service selects it.
func running(d *appsv1.Deployment, s *corev1.Service) []runtime.Object {
	pod := &corev1.Pod{
		ObjectMeta: *d.Spec.Template.ObjectMeta.DeepCopy(),
		Spec:       *d.Spec.Template.Spec.DeepCopy(),
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: podAddress, PodIPs: []corev1.PodIP{{IP: podAddress}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
	pod.Name, pod.Namespace = d.Name+"-1", d.Namespace
	// The injector's mark, by which pilot knows that the pod speaks mTLS.
	pod.Labels["security.istio.io/tlsMode"] = "istio"
	ready := true
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: s.Name, Namespace: s.Namespace, Labels: map[string]string{discoveryv1.LabelServiceName: s.Name},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{podAddress}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: pod.Name, Namespace: pod.Namespace},
		}},
	}
	for _, port := range s.Spec.Ports {
		number := port.TargetPort.IntVal
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &port.Name, Port: &number, Protocol: &port.Protocol})
	}
	return []runtime.Object{pod, slice}
}

// gateway is the ingress gateway, as Istio's Helm chart installs it.
func gateway() (*model.Proxy, []runtime.Object) {
	labels := map[string]string{"app": "istio-ingressgateway", "istio": "ingressgateway"}
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "istio-ingressgateway", Namespace: "istio-ingress"},
		Spec: corev1.ServiceSpec{
			Selector: labels, ClusterIP: "10.96.0.2",
			Ports: []corev1.ServicePort{{Name: "https", Port: 443, TargetPort: intstr.FromInt32(443), Protocol: corev1.ProtocolTCP}},
		},
	}
	deployment := &appsv1.Deployment{
		ObjectMeta: service.ObjectMeta,
		Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{ServiceAccountName: "istio-ingressgateway"},
		}},
	}
	_ = deployment
	return proxy(model.Router, "istio-ingress", "istio-ingressgateway", "10.0.0.2", labels), []runtime.Object{service}
}

func proxy(kind model.NodeType, namespace, account, address string, labels map[string]string) *model.Proxy {
	return &model.Proxy{
		Type: kind, ConfigNamespace: namespace, IPAddresses: []string{address}, Labels: labels,
		ID: account + "-1." + namespace,
		Metadata: &model.NodeMetadata{
			IstioVersion: proxyVersion, Namespace: namespace, Labels: labels, ServiceAccount: account,
			ClusterID: "Kubernetes",
		},
	}
}

// sidecar is the istio-proxy of an example's pod.
func sidecar(e example) *model.Proxy {
	d := only[*appsv1.Deployment](e)[0]
	return proxy(model.SidecarProxy, d.Namespace, d.Spec.Template.Spec.ServiceAccountName, podAddress, d.Spec.Template.Labels)
}

// generate asks for everything that a proxy gets.
func generate(server *xds.FakeDiscoveryServer, p *model.Proxy) generated {
	p = server.SetupProxy(p)
	return generated{listeners: server.Listeners(p), routes: server.Routes(p), clusters: server.Clusters(p)}
}

func TestDump(t *testing.T) {
	e := load(t, "gateway")
	gw, objects := gateway()
	e.kubernetes = append(e.kubernetes, objects...)
	server := pilot(t, e)
	g := generate(server, gw)
	for _, l := range g.listeners {
		fmt.Println("LISTENER", xdstest.Dump(t, l))
	}
	for _, l := range g.routes {
		fmt.Println("ROUTE", xdstest.Dump(t, l))
	}
	for _, l := range g.clusters {
		fmt.Println("CLUSTER", l.Name)
		if l.Name == "outbound|9002||bedrock-extproc.bedrock.svc.cluster.local" {
			fmt.Println(xdstest.Dump(t, l))
		}
	}
	for _, l := range server.Endpoints(gw) {
		fmt.Println("EP", xdstest.Dump(t, l))
	}
	fmt.Println("=========== sidecar of extproc")
	g = generate(server, sidecar(e))
	for _, l := range g.listeners {
		fmt.Println("LISTENER", l.Name, xdstest.Dump(t, l))
	}
	for _, l := range g.clusters {
		fmt.Println("CLUSTER", xdstest.Dump(t, l))
	}
}
