package istio

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// service returns the gateway's Service. Istio's chart and the Gateway API name it like
// the account.
func (i ingress) service() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: i.account, Namespace: i.namespace},
		Spec: corev1.ServiceSpec{
			Selector: i.labels, ClusterIP: "10.96.0.2",
			Ports: []corev1.ServicePort{{Name: "https", Port: 443, TargetPort: intstr.FromInt32(443), Protocol: corev1.ProtocolTCP}},
		},
	}
}

// running returns the objects that Kubernetes and Istio's injector create for an
// example's Deployment: a pod, and an endpoint of the Service that selects it.
func running(e example, address string) []runtime.Object {
	d := e.deployment()
	pod := &corev1.Pod{
		ObjectMeta: *d.Spec.Template.ObjectMeta.DeepCopy(),
		Spec:       *d.Spec.Template.Spec.DeepCopy(),
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: address, PodIPs: []corev1.PodIP{{IP: address}},
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		},
	}
	pod.Name, pod.Namespace = d.Name+"-1", d.Namespace
	pod.Labels["security.istio.io/tlsMode"] = "istio" // set by the injector
	if !selects(e.service(), pod) {
		return []runtime.Object{pod}
	}
	return []runtime.Object{pod, endpointSlice(e.service(), pod)}
}

func selects(s *corev1.Service, pod *corev1.Pod) bool {
	merged := maps.Clone(pod.Labels)
	maps.Copy(merged, s.Spec.Selector)
	return s.Namespace == pod.Namespace && maps.Equal(merged, pod.Labels)
}

func endpointSlice(s *corev1.Service, pod *corev1.Pod) *discoveryv1.EndpointSlice {
	ready := true
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: s.Name, Namespace: s.Namespace, Labels: map[string]string{discoveryv1.LabelServiceName: s.Name},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{pod.Status.PodIP}, Conditions: discoveryv1.EndpointConditions{Ready: &ready},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: pod.Name, Namespace: pod.Namespace},
		}},
	}
	for _, port := range s.Spec.Ports {
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{
			Name: &port.Name, Port: &port.TargetPort.IntVal, Protocol: &port.Protocol,
		})
	}
	return slice
}
