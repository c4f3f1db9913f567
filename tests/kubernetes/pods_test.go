package kubernetes

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A node runs pods like a kubelet, with processes as containers.
type node struct {
	*site
	objects   *objects
	authority *authority
	programs  map[string]string // by image repository
}

func newNode(t testing.TB, o *objects) *node {
	t.Helper()
	n := &node{objects: o, authority: newAuthority(t), programs: map[string]string{
		"envoyproxy/envoy": envoyBinary(t),
		"bedrock-extproc":  build(t, "./cmd/bedrock-extproc"),
	}}
	var hosts []string
	for _, service := range o.services {
		hosts = append(hosts, service.Name)
	}
	n.site = newSite(t, hosts...)
	return n
}

// startAll starts a pod of each Deployment, Envoy's last.
func (n *node) startAll(t testing.TB) map[string]*process {
	t.Helper()
	all := map[string]*process{}
	last := n.objects.envoyDeployment()
	for _, d := range n.objects.deployments {
		if d != last {
			n.startPod(t, &d.Spec.Template.Spec, all)
		}
	}
	if last != nil {
		n.startPod(t, &last.Spec.Template.Spec, all)
	}
	return all
}

// startPod starts a pod's containers, each after the previous one is ready.
func (n *node) startPod(t testing.TB, pod *corev1.PodSpec, all map[string]*process) {
	t.Helper()
	for _, c := range containers(pod) {
		n.fillVolumes(t, pod, c)
		p := start(t, n.environment(c), n.command(pod, c)...)
		for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
			if probe != nil {
				p.await(t, func() error { return n.probe(c, probe.ProbeHandler) })
			}
		}
		all[c.Name] = p
	}
}

// command returns the container's command, or the image's program.
func (n *node) command(pod *corev1.PodSpec, c *corev1.Container) []string {
	repository, _, _ := strings.Cut(c.Image, ":")
	command := []string{n.programs[repository]}
	if len(c.Command) > 1 {
		command = append(command, c.Command[1:]...)
	}
	command = append(command, c.Args...)
	for i, arg := range command[1:] {
		command[i+1] = n.here(arg, n.mounts(pod, c))
	}
	return command
}

func (n *node) environment(c *corev1.Container) []string {
	env := slices.Clone(n.env)
	for _, e := range c.Env {
		env = append(env, e.Name+"="+e.Value)
	}
	return env
}

// mounts maps each mount path to its folder. Volumes with the same source share one.
func (n *node) mounts(pod *corev1.PodSpec, c *corev1.Container) map[string]string {
	mounts := map[string]string{}
	for _, m := range c.VolumeMounts {
		mounts[m.MountPath] = source(volume(pod, m.Name))
	}
	return mounts
}

func source(v *corev1.Volume) string {
	switch {
	case v.ConfigMap != nil:
		return "configmap-" + v.ConfigMap.Name
	case v.Secret != nil:
		return "secret-" + v.Secret.SecretName
	}
	return v.Name
}

// fillVolumes writes the files of a container's volumes.
func (n *node) fillVolumes(t testing.TB, pod *corev1.PodSpec, c *corev1.Container) {
	t.Helper()
	for _, m := range c.VolumeMounts {
		switch v := volume(pod, m.Name); {
		case v.ConfigMap != nil:
			n.fill(t, source(v), n.objects.configMap(v.ConfigMap.Name).Data, n.mounts(pod, c))
		case v.Secret != nil:
			n.project(t, source(v), n.authority.secret(t, &n.objects.certificate(v.Secret.SecretName).Spec))
		default:
			if err := os.MkdirAll(n.folder(source(v)), 0o750); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// fill writes a ConfigMap's files, adapted to this machine.
func (n *node) fill(t testing.TB, folder string, data, mounts map[string]string) {
	t.Helper()
	files := map[string]string{}
	for name, text := range data {
		files[name] = n.here(text, mounts)
	}
	n.project(t, folder, files)
}

// probe runs a probe like a kubelet.
func (n *node) probe(c *corev1.Container, handler corev1.ProbeHandler) error {
	switch {
	case handler.HTTPGet != nil:
		_, err := get("http://" + n.address(containerPort(c, handler.HTTPGet.Port)) + handler.HTTPGet.Path)
		return err
	case handler.TCPSocket != nil:
		return connects(n.address(containerPort(c, handler.TCPSocket.Port)))
	}
	return fmt.Errorf("%s: unsupported probe", c.Name)
}

// containerPort returns the number of a port, or "" for an unknown name.
func containerPort(c *corev1.Container, port intstr.IntOrString) string {
	for _, p := range c.Ports {
		if port.Type == intstr.String && p.Name == port.StrVal || port.Type == intstr.Int && p.ContainerPort == port.IntVal {
			return fmt.Sprint(p.ContainerPort)
		}
	}
	return ""
}
