package kubernetes

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A breakage breaks one thing in an overlay. finding is part of the expected finding.
type breakage struct {
	overlay, finding string
	edit             func(*objects)
}

func breaks() []breakage {
	var all []breakage
	for _, list := range [][]breakage{selectBreaks(), portBreaks(), fileBreaks(), podBreaks(), scaleBreaks(), networkBreaks()} {
		all = append(all, list...)
	}
	return all
}

// pod returns the pod spec of a Deployment.
func pod(o *objects, name string) *corev1.PodSpec { return &o.deployment(name).Spec.Template.Spec }

func selectBreaks() []breakage {
	return []breakage{
		{"sidecar", "0 namespaces", func(o *objects) { o.namespaces = nil }},
		{"sidecar", "does not enforce the restricted standard", func(o *objects) { o.namespaces[0].Labels = nil }},
		{"sidecar", `envoy is in namespace "default"`, func(o *objects) { o.services[0].Namespace = "default" }},
		{"sidecar", "deployment envoy does not select its own pods", func(o *objects) { o.deployments[0].Spec.Template.Labels = nil }},
		{"service", "deployment bedrock-extproc spreads other pods", func(o *objects) {
			pod(o, "bedrock-extproc").TopologySpreadConstraints[1].LabelSelector.MatchLabels["a"] = "b"
		}},
		{"sidecar", "service envoy does not select", func(o *objects) { o.services[0].Spec.Selector = nil }},
		{"sidecar", "budget envoy does not select", func(o *objects) { o.budgets[0].Spec.Selector.MatchLabels["a"] = "b" }},
		{"sidecar", "policy bedrock-extproc does not select", func(o *objects) { o.policies[0].Spec.PodSelector.MatchLabels["a"] = "b" }},
		{"sidecar", "service envoy: no container of envoy has port htpp", func(o *objects) { o.services[0].Spec.Ports[0].TargetPort = intstr.FromString("htpp") }},
		{"sidecar", "envoy: image example.com/envoyproxy/envoy:v1.40.0", func(o *objects) { pod(o, "envoy").Containers[0].Image = "example.com/envoyproxy/envoy:v1.40.0" }},
	}
}

func portBreaks() []breakage {
	return []breakage{
		{"sidecar", "envoy has no readiness probe", func(o *objects) { pod(o, "envoy").Containers[0].ReadinessProbe = nil }},
		{"sidecar", "Envoy does not wait for it", func(o *objects) { pod(o, "envoy").InitContainers[0].StartupProbe = nil }},
		{"service", "a probe asks port health", func(o *objects) {
			pod(o, "bedrock-extproc").Containers[0].LivenessProbe.HTTPGet.Port = intstr.FromString("health")
		}},
		{"service", "the Prometheus annotations are", func(o *objects) {
			o.deployment("bedrock-extproc").Spec.Template.Annotations["prometheus.io/port"] = "9002"
		}},
		{"sidecar", "bedrock-extproc: nothing listens on port 9003", func(o *objects) { argument(&pod(o, "envoy").InitContainers[0], "-admin=127.0.0.1:9003") }},
		{"sidecar", "envoy: nothing listens on port 8000", func(o *objects) { envoyFileEdit(o, "0.0.0.0", "127.0.0.1") }},
		{"service", "there is no Deployment extproc", func(o *objects) { o.autoscalers[0].Spec.ScaleTargetRef.Name = "extproc" }},
		{"service", "also sets replicas", func(o *objects) { o.deployment("bedrock-extproc").Spec.Replicas = new(int32(2)) }},
		{"service", "minimum and maximum replicas", func(o *objects) { o.autoscalers[0].Spec.MaxReplicas = 1 }},
		{"service", "requests no cpu", func(o *objects) { pod(o, "bedrock-extproc").Containers[0].Resources.Requests = nil }},
	}
}

func fileBreaks() []breakage {
	return []breakage{
		{"sidecar", "mounts socket, which is not a volume", func(o *objects) { pod(o, "envoy").Volumes = nil }},
		{"sidecar", "no container mounts volume socket", func(o *objects) {
			p := pod(o, "envoy")
			p.InitContainers[0].VolumeMounts, p.Containers[0].VolumeMounts = nil, nil
		}},
		{"sidecar", "mounts a subPath", func(o *objects) { pod(o, "envoy").InitContainers[0].VolumeMounts[1].SubPath = "config.yaml" }},
		{"sidecar", "there is no ConfigMap bedrock-extproc", func(o *objects) { o.configMap("bedrock-extproc").Name = "other" }},
		{"sidecar", "the ConfigMap of bedrock-extproc has a hash in its name", func(o *objects) { o.configMap("bedrock-extproc").Name += "-92m85kd772" }},
		{"sidecar", "the ConfigMap of Envoy has no hash in its name", func(o *objects) { o.configMaps[1].Name = "envoy" }},
		{"service", "nothing creates Secret envoy-tls", func(o *objects) { o.certificate("envoy-tls").Spec.SecretName = "other" }},
		{"sidecar", "no volume holds /etc/bedrock-extproc/config.yml", func(o *objects) {
			argument(&pod(o, "envoy").InitContainers[0], "-config=/etc/bedrock-extproc/config.yml")
		}},
		{"service", "no volume holds /etc/bedrock-extproc-tls/cert.pem", func(o *objects) {
			argument(&pod(o, "bedrock-extproc").Containers[0], "-tls-cert=/etc/bedrock-extproc-tls/cert.pem")
		}},
		{"service", "no volume holds /etc/envoy/sds.yaml", func(o *objects) { envoyFileEdit(o, "/etc/envoy/client-certificate.yaml", "/etc/envoy/sds.yaml") }},
		{"sidecar", "and bedrock-extproc listens on unix:///run/bedrock-extproc/s.sock", func(o *objects) {
			argument(&pod(o, "envoy").InitContainers[0], "-listen=unix:///run/bedrock-extproc/s.sock")
		}},
		{"service", "which is not a port of a service", func(o *objects) { envoyFileEdit(o, "port_value: 9002", "port_value: 9000") }},
		{"service", "is not headless", func(o *objects) { extprocService(o).Spec.ClusterIP = "" }},
		{"service", "has no appProtocol", func(o *objects) { extprocService(o).Spec.Ports[0].AppProtocol = nil }},
		{"service", "Envoy calls bedrock-extproc without TLS", func(o *objects) { envoyFileEdit(o, "transport_socket:", "metadata:") }},
		{"service", "bedrock-extproc has no -tls-client-ca", func(o *objects) { pod(o, "bedrock-extproc").Containers[0].Args = nil }},
		{"service", "there is no issuer bedrock-extproc-authority", func(o *objects) { o.issuers = nil }},
		{"service", "issuer bedrock-extproc-authority: nothing creates Secret other", func(o *objects) {
			for _, i := range o.issuers {
				if i.Spec.CA != nil {
					i.Spec.CA.SecretName = "other"
				}
			}
		}},
	}
}

func podBreaks() []breakage {
	return []breakage{
		{"sidecar", "is not restricted", func(o *objects) { pod(o, "envoy").InitContainers[0].SecurityContext.Capabilities = nil }},
		{"sidecar", "bedrock-extproc can write to its root file system", func(o *objects) { pod(o, "envoy").InitContainers[0].SecurityContext.ReadOnlyRootFilesystem = nil }},
		{"sidecar", "envoy has no memory limit", func(o *objects) { pod(o, "envoy").Containers[0].Resources.Limits = nil }},
		{"sidecar", "0 service accounts", func(o *objects) { o.serviceAccounts = nil }},
		{"sidecar", "account bedrock-extproc mounts its token", func(o *objects) { o.serviceAccounts[0].AutomountServiceAccountToken = nil }},
		{"service", `deployment envoy has account "bedrock-extproc"`, func(o *objects) { pod(o, "envoy").ServiceAccountName = "bedrock-extproc" }},
		{"sidecar", "EKS gives envoy the credentials", func(o *objects) { o.deployments[0].Spec.Template.Annotations = nil }},
		{"service", "deployment envoy mounts a token", func(o *objects) { pod(o, "envoy").AutomountServiceAccountToken = nil }},
		{"sidecar", "deployment envoy has less than 2m17s to stop", func(o *objects) { pod(o, "envoy").TerminationGracePeriodSeconds = new(int64(137)) }},
		{"service", "deployment bedrock-extproc has less than 2m12s to stop", func(o *objects) { pod(o, "bedrock-extproc").TerminationGracePeriodSeconds = nil }},
		{"sidecar", "envoy has no preStop", func(o *objects) { pod(o, "envoy").Containers[0].Lifecycle = nil }},
		{"service", "deployment bedrock-extproc gets service variables", func(o *objects) { pod(o, "bedrock-extproc").EnableServiceLinks = nil }},
	}
}

func networkBreaks() []breakage {
	return []breakage{
		{"service", "deployment bedrock-extproc has no policy of type Egress", func(o *objects) {
			o.policy("bedrock-extproc").Spec.PolicyTypes = o.policy("bedrock-extproc").Spec.PolicyTypes[:1]
		}},
		{"service", "admits port 9000, which is not the number", func(o *objects) {
			o.policy("bedrock-extproc").Spec.Ingress[0].Ports[0].Port = new(intstr.FromInt32(9000))
		}},
		{"sidecar", "admits port admin, which is not the number", func(o *objects) {
			o.policies[0].Spec.Ingress[1].Ports[0].Port = new(intstr.FromString("admin"))
		}},
		{"service", "anybody is admitted to port grpc-extproc of bedrock-extproc: true", func(o *objects) { o.policy("bedrock-extproc").Spec.Ingress[0].From = nil }},
		{"service", "envoy is admitted to port grpc-extproc of bedrock-extproc: false", func(o *objects) { o.deployment("envoy").Spec.Template.Labels = nil }},
		{"sidecar", "anybody is admitted to port admin of envoy: true", func(o *objects) { o.policies[0].Spec.Ingress[1].From = nil }},
		{"service", "envoy may not call port grpc-extproc", func(o *objects) { o.policy("envoy").Spec.Egress = o.policy("envoy").Spec.Egress[:1] }},
		{"sidecar", "deployment envoy cannot resolve names", func(o *objects) { o.policies[0].Spec.Egress = o.policies[0].Spec.Egress[1:] }},
		{"service", "deployment bedrock-extproc can call AWS: false", func(o *objects) { o.policy("bedrock-extproc").Spec.Egress[1].Ports[0].Port = new(intstr.FromInt32(80)) }},
		{"service", "deployment envoy can call AWS: true", func(o *objects) {
			o.policy("envoy").Spec.Egress = append(o.policy("envoy").Spec.Egress, networkingv1.NetworkPolicyEgressRule{})
		}},
		{"sidecar", "can call the metadata service of its node", func(o *objects) { o.policies[0].Spec.Egress[1].Ports = nil }},
	}
}

func scaleBreaks() []breakage {
	return []breakage{
		{"istio/gateway", "deployment bedrock-extproc does not limit calls", func(o *objects) {
			argument(&pod(o, "bedrock-extproc").Containers[0], "-max-calls=0")
		}},
		{"istio/sidecar", "deployment llm has no GOMEMLIMIT", func(o *objects) { pod(o, "llm").Containers[0].Env = nil }},
		{"envoy-gateway", "GOMEMLIMIT is 512MiB, with a limit of 512Mi", func(o *objects) {
			o.deployments[0].Spec.Template.Spec.InitContainers[0].Env[0].Value = "512MiB"
		}},
		{"istio/gateway", "deployment bedrock-extproc can have a single pod", func(o *objects) { o.autoscalers = nil }},
		{"envoy-gateway", "has 0 disruption budgets of one pod", func(o *objects) { o.budgets = nil }},
		{"istio/sidecar", "deployment llm: a rollout stops pods too early", func(o *objects) { o.deployment("llm").Spec.Strategy.RollingUpdate = nil }},
		{"istio/sidecar", "deployment llm does not spread over kubernetes.io/hostname", func(o *objects) {
			pod(o, "llm").TopologySpreadConstraints[1].TopologyKey = "rack"
		}},
		{"istio/sidecar", "istio-proxy ends after \"40s\", before bedrock-extproc", func(o *objects) {
			o.deployment("llm").Spec.Template.Annotations["proxy.istio.io/config"] = "terminationDrainDuration: 40s"
		}},
		{"istio/gateway", "EKS gives istio-proxy the credentials", func(o *objects) {
			delete(o.deployment("bedrock-extproc").Spec.Template.Annotations, "eks.amazonaws.com/skip-containers")
		}},
		{"envoy-gateway-namespace-mode", "there is no ConfigMap bedrock-extproc in namespace bedrock", func(o *objects) {
			o.configMap("bedrock-extproc").Namespace = "envoy-gateway-system"
		}},
	}
}

// argument replaces the argument of the same flag.
func argument(c *corev1.Container, arg string) {
	name, _, _ := strings.Cut(arg, "=")
	for i := range c.Args {
		if strings.HasPrefix(c.Args[i], name+"=") {
			c.Args[i] = arg
		}
	}
}

// envoyFileEdit replaces text in envoy.yaml.
func envoyFileEdit(o *objects, before, after string) {
	data := o.envoyFiles(o.deployment("envoy"))
	data["envoy.yaml"] = strings.ReplaceAll(data["envoy.yaml"], before, after)
}

func extprocService(o *objects) *corev1.Service {
	for _, s := range o.services {
		if s.Name == "bedrock-extproc" {
			return s
		}
	}
	return nil
}

// policy returns the policy of that name, or nil.
func (o *objects) policy(name string) *networkingv1.NetworkPolicy {
	for _, p := range o.policies {
		if p.Name == name {
			return p
		}
	}
	return nil
}
