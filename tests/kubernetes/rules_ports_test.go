package kubernetes

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// flagValue returns a flag's value in a container's arguments.
func flagValue(c *corev1.Container, name string) string {
	for _, arg := range c.Args {
		if value, ok := strings.CutPrefix(arg, "-"+name+"="); ok {
			return value
		}
	}
	return ""
}

// probes: every container has a readiness probe, or a startup probe if other containers
// wait for it, and probes use ports of their container.
func probes(o *objects, f *findings) {
	each(o, func(d *appsv1.Deployment, c *corev1.Container) {
		if c.ReadinessProbe == nil {
			f.add("%s has no readiness probe", c.Name)
		}
		if sidecar(c) && c.StartupProbe == nil {
			f.add("%s: Envoy does not wait for it", c.Name)
		}
		for _, p := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
			if p == nil {
				continue
			}
			if port := probePort(p); containerPort(c, port) == "" {
				f.add("%s: a probe asks port %s, which it does not have", c.Name, port.String())
			}
		}
	})
}

func probePort(p *corev1.Probe) intstr.IntOrString {
	switch {
	case p.HTTPGet != nil:
		return p.HTTPGet.Port
	case p.TCPSocket != nil:
		return p.TCPSocket.Port
	}
	return intstr.FromString("of an unknown kind")
}

// sidecar reports whether an init container is a native sidecar.
func sidecar(c *corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// each calls a function for every container that the example itself defines.
func each(o *objects, call func(*appsv1.Deployment, *corev1.Container)) {
	for _, d := range o.deployments {
		for _, c := range containers(&d.Spec.Template.Spec) {
			if !slices.Contains(o.host.containers, c.Name) {
				call(d, c)
			}
		}
	}
}

// scrapes: the Prometheus annotations name bedrock-extproc's admin port.
func scrapes(o *objects, f *findings) {
	for _, d := range o.deployments {
		c := container(&d.Spec.Template.Spec, "bedrock-extproc")
		if c == nil {
			continue
		}
		a := d.Spec.Template.Annotations
		if a["prometheus.io/scrape"] != "true" || a["prometheus.io/path"] != "/metrics" ||
			a["prometheus.io/port"] != containerPort(c, intstr.FromString("admin")) {
			f.add("deployment %s: the Prometheus annotations are %v", d.Name, a)
		}
	}
}

// openPorts: the container's program listens on each of its ports, not only on
// loopback.
func openPorts(o *objects, f *findings) {
	each(o, func(d *appsv1.Deployment, c *corev1.Container) {
		open := o.opened(d, c, f)
		for _, p := range c.Ports {
			if !slices.Contains(open, p.ContainerPort) {
				f.add("%s: nothing listens on port %d", c.Name, p.ContainerPort)
			}
		}
	})
}

// opened returns the ports on which a container's program listens beyond loopback.
func (o *objects) opened(d *appsv1.Deployment, c *corev1.Container, f *findings) []int32 {
	var addresses []string
	if c.Name == "envoy" {
		for _, l := range o.envoy(d, f).Static.Listeners {
			addresses = append(addresses, l.Address.String())
		}
	} else {
		addresses = []string{flagValue(c, "listen"), flagValue(c, "admin")}
	}
	var ports []int32
	for _, address := range addresses {
		host, port, err := net.SplitHostPort(address)
		if err != nil || host != "" && !net.ParseIP(host).IsUnspecified() {
			continue // a Unix socket, or loopback
		}
		n, err := strconv.ParseInt(port, 10, 32)
		if err != nil {
			f.add("%s: %v", c.Name, err)
		}
		ports = append(ports, int32(n))
	}
	return ports
}

// autoscaling: the target exists, does not set replicas, and requests CPU.
func autoscaling(o *objects, f *findings) {
	for _, h := range o.autoscalers {
		target := h.Spec.ScaleTargetRef
		d := o.deployment(target.Name)
		if d == nil || target.Kind != "Deployment" || target.APIVersion != "apps/v1" {
			f.add("autoscaler %s: there is no %s %s", h.Name, target.Kind, target.Name)
			continue
		}
		if d.Spec.Replicas != nil {
			f.add("autoscaler %s: deployment %s also sets replicas", h.Name, d.Name)
		}
		if h.Spec.MinReplicas == nil || *h.Spec.MinReplicas < 2 || *h.Spec.MinReplicas > h.Spec.MaxReplicas {
			f.add("autoscaler %s: the minimum and maximum replicas are invalid", h.Name)
		}
		for _, c := range containers(&d.Spec.Template.Spec) {
			if c.Resources.Requests.Cpu().IsZero() {
				f.add("autoscaler %s: %s requests no cpu", h.Name, c.Name)
			}
		}
	}
}

// envoyFile has the fields of an Envoy configuration that rules read.
type envoyFile struct {
	Static struct {
		Listeners []struct {
			Address envoyAddress `json:"address"`
		} `json:"listeners"`
		Clusters []struct {
			TransportSocket *struct{} `json:"transport_socket"`
			LoadAssignment  struct {
				Endpoints []struct {
					LbEndpoints []struct {
						Endpoint struct {
							Address envoyAddress `json:"address"`
						} `json:"endpoint"`
					} `json:"lb_endpoints"`
				} `json:"endpoints"`
			} `json:"load_assignment"`
		} `json:"clusters"`
	} `json:"static_resources"`
}

type envoyAddress struct {
	Socket struct {
		Address string `json:"address"`
		Port    int32  `json:"port_value"`
	} `json:"socket_address"`
	Pipe struct {
		Path string `json:"path"`
	} `json:"pipe"`
}

// String formats the address like the flag -extproc of envoy-config.
func (a *envoyAddress) String() string {
	if a.Pipe.Path != "" {
		return "unix://" + a.Pipe.Path
	}
	return net.JoinHostPort(a.Socket.Address, fmt.Sprint(a.Socket.Port))
}
