package kubernetes

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	certv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const (
	examples           = "../../examples/"
	kubernetesExamples = examples + "kubernetes"
)

var (
	// overlays are the overlays of examples/kubernetes that users apply.
	overlays = []string{"sidecar", "service"}
	// istioExamples are the folders of examples/istio.
	istioExamples = []string{"istio/gateway", "istio/sidecar"}
	// envoyGateways are the objects in testdata, which Envoy Gateway creates from its
	// example.
	envoyGateways = []string{"envoy-gateway", "envoy-gateway-namespace-mode"}
)

// objects are the decoded objects of one example.
type objects struct {
	example         string
	host            host
	all             []runtime.Object
	namespaces      []*corev1.Namespace
	serviceAccounts []*corev1.ServiceAccount
	configMaps      []*corev1.ConfigMap
	services        []*corev1.Service
	deployments     []*appsv1.Deployment
	autoscalers     []*autoscalingv2.HorizontalPodAutoscaler
	budgets         []*policyv1.PodDisruptionBudget
	policies        []*networkingv1.NetworkPolicy
	certificates    []*certv1.Certificate
	issuers         []*certv1.Issuer
	monitors        []*monitoringv1.ServiceMonitor
}

// A host is the program that adds something to an example's pods.
type host struct {
	// containers are in the pods, and their settings are the host's. Istio's are
	// injected later.
	containers []string
	// volumes have contents that the host creates.
	volumes []string
}

// load returns the objects of an example.
func load(t testing.TB, example string) *objects {
	t.Helper()
	var o *objects
	switch {
	case slices.Contains(overlays, example):
		o = loadFolder(t, kubernetesExamples+"/overlays/"+example)
	case slices.Contains(istioExamples, example):
		o = loadFolder(t, examples+example)
		o.host.containers = []string{"istio-proxy"}
	default:
		o = loadEnvoyGateway(t, example)
		o.host = host{containers: []string{"envoy", "shutdown-manager"}, volumes: []string{"certs", "sds", "sa-token"}}
	}
	o.example = example
	return o
}

func loadFolder(t testing.TB, folder string) *objects {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	o := &objects{}
	for _, resource := range built.Resources() {
		if strings.HasSuffix(resource.GetGvk().Group, ".istio.io") {
			continue // tests/istio checks them
		}
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		o.decode(t, text)
	}
	return o
}

// loadEnvoyGateway returns the objects that Envoy Gateway creates, and the example's
// ConfigMap in the namespace that the README says.
func loadEnvoyGateway(t testing.TB, example string) *objects {
	t.Helper()
	o := &objects{}
	_, rendered, _ := strings.Cut(readFile(t, "testdata/"+example+".yaml"), "---\n")
	config := readFile(t, examples+"envoy-gateway/config.yaml")
	for text := range strings.SplitSeq(config+"\n---\n"+rendered, "\n---\n") {
		o.decode(t, []byte(text))
	}
	if example == "envoy-gateway-namespace-mode" {
		o.configMap("bedrock-extproc").Namespace = "bedrock"
	}
	return o
}

// decode decodes one object and adds it.
func (o *objects) decode(t testing.TB, text []byte) {
	t.Helper()
	object, err := decode(text)
	if err == nil {
		err = o.add(object)
	}
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
}

// decode decodes an object. Unknown kinds and fields are errors.
func decode(text []byte) (runtime.Object, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, autoscalingv2.AddToScheme,
		networkingv1.AddToScheme, policyv1.AddToScheme, certv1.AddToScheme, monitoringv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	object, _, err := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer().Decode(text, nil, nil)
	return object, err
}

func (o *objects) add(object runtime.Object) error {
	o.all = append(o.all, object)
	switch object := object.(type) {
	case *corev1.Namespace:
		o.namespaces = append(o.namespaces, object)
	case *corev1.ServiceAccount:
		o.serviceAccounts = append(o.serviceAccounts, object)
	case *corev1.ConfigMap:
		o.configMaps = append(o.configMaps, object)
	case *corev1.Service:
		o.services = append(o.services, object)
	case *appsv1.Deployment:
		o.deployments = append(o.deployments, object)
	case *autoscalingv2.HorizontalPodAutoscaler:
		o.autoscalers = append(o.autoscalers, object)
	case *policyv1.PodDisruptionBudget:
		o.budgets = append(o.budgets, object)
	case *networkingv1.NetworkPolicy:
		o.policies = append(o.policies, object)
	case *certv1.Certificate:
		o.certificates = append(o.certificates, object)
	case *certv1.Issuer:
		o.issuers = append(o.issuers, object)
	case *monitoringv1.ServiceMonitor:
		o.monitors = append(o.monitors, object)
	default:
		return fmt.Errorf("no rule supports %T", object)
	}
	return nil
}

// first returns the first element for which is returns true, or nil.
func first[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}

// deployment returns the Deployment of that name, or nil.
func (o *objects) deployment(name string) *appsv1.Deployment {
	return first(o.deployments, func(d *appsv1.Deployment) bool { return d.Name == name })
}

// selected returns the Deployments whose pods match the selector.
func (o *objects) selected(by labels.Selector) []*appsv1.Deployment {
	if by.Empty() {
		return nil // an empty selector matches everything, which is always a mistake here
	}
	var found []*appsv1.Deployment
	for _, d := range o.deployments {
		if by.Matches(labels.Set(d.Spec.Template.Labels)) {
			found = append(found, d)
		}
	}
	return found
}

// configMap returns the ConfigMap of that name, or nil.
func (o *objects) configMap(name string) *corev1.ConfigMap {
	return first(o.configMaps, func(c *corev1.ConfigMap) bool { return c.Name == name })
}

// certificate returns the Certificate that fills a Secret, or nil.
func (o *objects) certificate(secret string) *certv1.Certificate {
	return first(o.certificates, func(c *certv1.Certificate) bool { return c.Spec.SecretName == secret })
}

// containers returns all containers of a pod, in start order.
func containers(pod *corev1.PodSpec) []*corev1.Container {
	var all []*corev1.Container
	for i := range pod.InitContainers {
		all = append(all, &pod.InitContainers[i])
	}
	for i := range pod.Containers {
		all = append(all, &pod.Containers[i])
	}
	return all
}

// container returns the container of that name, or nil.
func container(pod *corev1.PodSpec, name string) *corev1.Container {
	return first(containers(pod), func(c *corev1.Container) bool { return c.Name == name })
}

// volume returns the volume of that name, or nil.
func volume(pod *corev1.PodSpec, name string) *corev1.Volume {
	if i := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == name }); i >= 0 {
		return &pod.Volumes[i]
	}
	return nil
}

func TestDecodeIsStrict(t *testing.T) {
	for name, text := range map[string]string{
		"unknown field":           "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {selectors: {a: b}}}",
		"a wrong type":            "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: http}]}}",
		"unknown kind":            "{apiVersion: v1, kind: Servce, metadata: {name: s}}",
		"duplicate field":         "{apiVersion: v1, kind: Service, metadata: {name: s, name: t}}",
		"removed version":         "{apiVersion: autoscaling/v2beta2, kind: HorizontalPodAutoscaler, metadata: {name: s}}",
		"a field of cert-manager": "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: s}, spec: {dnsName: [a]}}",
	} {
		t.Run(name, func(t *testing.T) {
			if object, err := decode([]byte(text)); err == nil {
				t.Errorf("decoded to %v", object)
			}
		})
	}
}
