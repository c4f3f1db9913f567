package kubernetes

import (
	"slices"

	certv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// policiesOf returns the policies that select the pods of a Deployment.
func (o *objects) policiesOf(d *appsv1.Deployment, f *findings) []*networkingv1.NetworkPolicy {
	var all []*networkingv1.NetworkPolicy
	for _, p := range o.policies {
		if labelSelector(&p.Spec.PodSelector, f).Matches(labels.Set(d.Spec.Template.Labels)) {
			all = append(all, p)
		}
	}
	return all
}

// policyTypes: ingress and egress of all pods are denied by default.
func policyTypes(o *objects, f *findings) {
	for _, d := range o.deployments {
		var types []networkingv1.PolicyType
		for _, p := range o.policiesOf(d, f) {
			types = append(types, p.Spec.PolicyTypes...)
		}
		for _, want := range []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress} {
			if !slices.Contains(types, want) {
				f.add("deployment %s has no policy of type %s", d.Name, want)
			}
		}
	}
}

// policyPorts: allowed ports exist and are numbers, because not every network plugin
// resolves port names of init containers.
func policyPorts(o *objects, f *findings) {
	for _, d := range o.deployments {
		for _, p := range o.policiesOf(d, f) {
			for _, rule := range p.Spec.Ingress {
				for _, port := range rule.Ports {
					if port.Port == nil || port.Port.Type != intstr.Int || podPort(d, func(c *corev1.Container) bool { return containerPort(c, *port.Port) != "" }) == nil {
						f.add("policy %s admits port %v, which is not the number of a container's port", p.Name, port.Port)
					}
				}
			}
		}
	}
}

// callers: only Envoy's pods may call the ext_proc port, and no pods of the overlay may
// call the admin port.
func callers(o *objects, f *findings) {
	stranger := &appsv1.Deployment{}
	stranger.Name = "anybody"
	for _, to := range o.deployments {
		for _, port := range []string{"grpc-extproc", "admin"} {
			c := podPort(to, func(c *corev1.Container) bool { return containerPort(c, intstr.FromString(port)) != "" })
			if c == nil {
				continue
			}
			number := containerPort(c, intstr.FromString(port))
			for _, from := range append([]*appsv1.Deployment{stranger}, o.deployments...) {
				allowed := container(&from.Spec.Template.Spec, "envoy") != nil && port == "grpc-extproc"
				if got := o.letsIn(to, from, number, f); got != allowed {
					f.add("%s is admitted to port %s of %s: %t", from.Name, port, to.Name, got)
				}
				if allowed && !o.letsOut(from, to, number, f) {
					f.add("%s may not call port %s of %s", from.Name, port, to.Name)
				}
			}
		}
	}
}

func (o *objects) letsIn(to, from *appsv1.Deployment, port string, f *findings) bool {
	for _, p := range o.policiesOf(to, f) {
		for _, rule := range p.Spec.Ingress {
			if peersMatch(rule.From, from, f) && portsMatch(rule.Ports, port, corev1.ProtocolTCP) {
				return true
			}
		}
	}
	return false
}

func (o *objects) letsOut(from, to *appsv1.Deployment, port string, f *findings) bool {
	for _, p := range o.policiesOf(from, f) {
		for _, rule := range p.Spec.Egress {
			if peersMatch(rule.To, to, f) && portsMatch(rule.Ports, port, corev1.ProtocolTCP) {
				return true
			}
		}
	}
	return false
}

// peersMatch reports whether the peers include a Deployment's pods.
func peersMatch(peers []networkingv1.NetworkPolicyPeer, d *appsv1.Deployment, f *findings) bool {
	return len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		return p.NamespaceSelector == nil && p.PodSelector != nil &&
			labelSelector(p.PodSelector, f).Matches(labels.Set(d.Spec.Template.Labels))
	})
}

// portsMatch reports whether a rule's ports include a port.
func portsMatch(ports []networkingv1.NetworkPolicyPort, port string, protocol corev1.Protocol) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		has := corev1.ProtocolTCP
		if p.Protocol != nil {
			has = *p.Protocol
		}
		return has == protocol && (p.Port == nil || p.Port.String() == port)
	})
}

// egress: all pods can resolve names, and pods with bedrock-extproc can call AWS. No
// pod can call port 80 of any address, which includes the node's metadata service.
func egress(o *objects, f *findings) {
	for _, d := range o.deployments {
		aws := container(&d.Spec.Template.Spec, "bedrock-extproc") != nil
		if !o.out(d, "53", corev1.ProtocolUDP, f) || !o.out(d, "53", corev1.ProtocolTCP, f) {
			f.add("deployment %s cannot resolve names", d.Name)
		}
		if got := o.everywhere(d, "443", f); got != aws {
			f.add("deployment %s can call AWS: %t", d.Name, got)
		}
		if o.everywhere(d, "80", f) {
			f.add("deployment %s can call the metadata service of its node", d.Name)
		}
	}
}

// out reports whether any egress rule has the port.
func (o *objects) out(d *appsv1.Deployment, port string, protocol corev1.Protocol, f *findings) bool {
	return o.anyEgress(d, f, func(r networkingv1.NetworkPolicyEgressRule) bool { return portsMatch(r.Ports, port, protocol) })
}

// everywhere reports whether an egress rule without peers has the port.
func (o *objects) everywhere(d *appsv1.Deployment, port string, f *findings) bool {
	return o.anyEgress(d, f, func(r networkingv1.NetworkPolicyEgressRule) bool {
		return len(r.To) == 0 && portsMatch(r.Ports, port, corev1.ProtocolTCP)
	})
}

func (o *objects) anyEgress(d *appsv1.Deployment, f *findings, has func(networkingv1.NetworkPolicyEgressRule) bool) bool {
	return slices.ContainsFunc(o.policiesOf(d, f), func(p *networkingv1.NetworkPolicy) bool {
		return slices.ContainsFunc(p.Spec.Egress, has)
	})
}

// certificates: each issuer exists and has its Secret, and the server's certificate has
// the name that Envoy expects.
func certificates(o *objects, f *findings) {
	for _, c := range o.certificates {
		if !slices.ContainsFunc(o.issuers, func(i *certv1.Issuer) bool { return i.Name == c.Spec.IssuerRef.Name }) {
			f.add("certificate %s: there is no issuer %s", c.Name, c.Spec.IssuerRef.Name)
		}
	}
	for _, i := range o.issuers {
		if i.Spec.CA != nil && o.certificate(i.Spec.CA.SecretName) == nil {
			f.add("issuer %s: nothing creates Secret %s", i.Name, i.Spec.CA.SecretName)
		}
	}
}
