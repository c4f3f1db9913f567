package kubernetes

import (
	"path"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// volumes: mounted volumes exist, and existing volumes are mounted.
func volumes(o *objects, f *findings) {
	for _, d := range o.deployments {
		pod := &d.Spec.Template.Spec
		mounted := map[string]bool{}
		for _, c := range containers(pod) {
			for _, m := range c.VolumeMounts {
				mounted[m.Name] = true
				if volume(pod, m.Name) == nil {
					f.add("%s mounts %s, which is not a volume", c.Name, m.Name)
				}
				if m.SubPath != "" {
					f.add("%s mounts a subPath, which never changes", c.Name)
				}
			}
		}
		for _, v := range pod.Volumes {
			if !mounted[v.Name] {
				f.add("deployment %s: no container mounts volume %s", d.Name, v.Name)
			}
			if slices.Contains(o.host.volumes, v.Name) {
				continue
			}
			if v.ConfigMap != nil {
				if m := o.configMap(v.ConfigMap.Name); m == nil || m.Namespace != d.Namespace {
					f.add("volume %s: there is no ConfigMap %s in namespace %s", v.Name, v.ConfigMap.Name, d.Namespace)
				}
			}
			if v.Secret != nil && o.certificate(v.Secret.SecretName) == nil {
				f.add("volume %s: nothing creates Secret %s", v.Name, v.Secret.SecretName)
			}
		}
	}
}

// names: a change of bedrock-extproc's configuration reaches running pods, and a change
// of Envoy's starts new pods.
func names(o *objects, f *findings) {
	if o.configMap("bedrock-extproc") == nil {
		f.add("the ConfigMap of bedrock-extproc has a hash in its name")
	}
	if o.configMap("envoy") != nil {
		f.add("the ConfigMap of Envoy has no hash in its name")
	}
}

// envoyDeployment returns the Deployment of Envoy, or nil.
func (o *objects) envoyDeployment() *appsv1.Deployment {
	return first(o.deployments, func(d *appsv1.Deployment) bool { return container(&d.Spec.Template.Spec, "envoy") != nil })
}

var filePath = regexp.MustCompile(`(/etc|/run)/[\w./-]+`)

// files: paths in arguments and in Envoy's configuration exist in volumes.
func files(o *objects, f *findings) {
	each(o, func(d *appsv1.Deployment, c *corev1.Container) {
		texts := slices.Concat(c.Command, c.Args)
		if c.Lifecycle != nil && c.Lifecycle.PreStop != nil && c.Lifecycle.PreStop.Exec != nil {
			texts = append(texts, c.Lifecycle.PreStop.Exec.Command...)
		}
		if c.Name == "envoy" {
			for _, text := range o.envoyFiles(d) {
				texts = append(texts, text)
			}
		}
		for _, text := range texts {
			for _, file := range filePath.FindAllString(text, -1) {
				if !o.holds(&d.Spec.Template.Spec, c, file) {
					f.add("%s: no volume holds %s", c.Name, file)
				}
			}
		}
	})
}

// envoyFiles returns the ConfigMap that Envoy mounts at /etc/envoy.
func (o *objects) envoyFiles(d *appsv1.Deployment) map[string]string {
	pod := &d.Spec.Template.Spec
	v, _ := mountOf(pod, container(pod, "envoy"), "/etc/envoy/envoy.yaml")
	if v == nil || v.ConfigMap == nil || o.configMap(v.ConfigMap.Name) == nil {
		return nil
	}
	return o.configMap(v.ConfigMap.Name).Data
}

// envoy returns the Envoy configuration in the pods of a Deployment.
func (o *objects) envoy(d *appsv1.Deployment, f *findings) *envoyFile {
	file := &envoyFile{}
	if err := yaml.Unmarshal([]byte(o.envoyFiles(d)["envoy.yaml"]), file); err != nil {
		f.add("envoy.yaml: %v", err)
	}
	return file
}

// mountOf returns the volume of a file and its name in the volume; nil if there is
// none.
func mountOf(pod *corev1.PodSpec, c *corev1.Container, file string) (v *corev1.Volume, name string) {
	for _, m := range c.VolumeMounts {
		if rest, ok := strings.CutPrefix(path.Clean(file), m.MountPath); ok && (rest == "" || rest[0] == '/') {
			return volume(pod, m.Name), strings.TrimPrefix(rest, "/")
		}
	}
	return nil, ""
}

// holds reports whether a path is a file, a folder or a future socket.
func (o *objects) holds(pod *corev1.PodSpec, c *corev1.Container, file string) bool {
	v, name := mountOf(pod, c, file)
	switch {
	case v == nil:
		return false
	case name == "" || v.EmptyDir != nil:
		return true
	case v.ConfigMap != nil && o.configMap(v.ConfigMap.Name) != nil:
		_, ok := o.configMap(v.ConfigMap.Name).Data[name]
		return ok
	case v.Secret != nil:
		return slices.Contains([]string{"tls.crt", "tls.key", "ca.crt"}, name)
	}
	return false
}

// sockets: Envoy and its sidecar use the same socket.
func sockets(o *objects, f *findings) {
	for _, d := range o.deployments {
		pod := &d.Spec.Template.Spec
		envoy, extproc := container(pod, "envoy"), container(pod, "bedrock-extproc")
		if envoy == nil || extproc == nil {
			continue
		}
		there, thereName := mountOf(pod, extproc, strings.TrimPrefix(flagValue(extproc, "listen"), "unix://"))
		for _, address := range o.upstream(d, f) {
			here, hereName := mountOf(pod, envoy, address.Pipe.Path)
			if here == nil || here.EmptyDir == nil || here != there || hereName != thereName {
				f.add("Envoy calls %s, and bedrock-extproc listens on %s", address.String(), flagValue(extproc, "listen"))
			}
		}
	}
}

// upstream returns the addresses of Envoy's cluster for bedrock-extproc.
func (o *objects) upstream(d *appsv1.Deployment, f *findings) []*envoyAddress {
	var all []*envoyAddress
	clusters := o.envoy(d, f).Static.Clusters
	for i := range clusters {
		for j := range clusters[i].LoadAssignment.Endpoints {
			for k := range clusters[i].LoadAssignment.Endpoints[j].LbEndpoints {
				all = append(all, &clusters[i].LoadAssignment.Endpoints[j].LbEndpoints[k].Endpoint.Address)
			}
		}
	}
	return all
}

// upstreams: an Envoy without a sidecar calls the port of a headless Service with TLS,
// and bedrock-extproc there uses TLS.
func upstreams(o *objects, f *findings) {
	d := o.envoyDeployment()
	if d == nil || container(&d.Spec.Template.Spec, "bedrock-extproc") != nil {
		return
	}
	addresses := o.upstream(d, f)
	if len(addresses) != 1 {
		f.add("Envoy calls %d addresses", len(addresses))
		return
	}
	service, port := o.service(addresses[0])
	if service == nil {
		f.add("Envoy calls %s, which is not a port of a service", addresses[0].String())
		return
	}
	if service.Spec.ClusterIP != corev1.ClusterIPNone {
		f.add("service %s is not headless", service.Name)
	}
	if port.Name != "grpc-extproc" || port.AppProtocol == nil || *port.AppProtocol != "https" {
		f.add("service %s has no appProtocol", service.Name)
	}
	if o.envoy(d, f).Static.Clusters[0].TransportSocket == nil {
		f.add("Envoy calls %s without TLS", service.Name)
	}
	for _, name := range []string{"tls-cert", "tls-key", "tls-client-ca"} {
		if c := container(&o.deployment(service.Name).Spec.Template.Spec, "bedrock-extproc"); flagValue(c, name) == "" {
			f.add("bedrock-extproc has no -%s", name)
		}
	}
}

// service returns the Service and port of an address.
func (o *objects) service(address *envoyAddress) (*corev1.Service, *corev1.ServicePort) {
	for _, s := range o.services {
		for i := range s.Spec.Ports {
			// The Service is headless, so the port is the container's.
			if s.Name == address.Socket.Address && s.Spec.Ports[i].Port == address.Socket.Port {
				return s, &s.Spec.Ports[i]
			}
		}
	}
	return nil, nil
}
