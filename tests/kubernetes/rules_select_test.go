package kubernetes

import (
	"regexp"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// namespaces: everything is in the created namespace, which enforces the restricted
// Pod Security Standard.
func namespaces(o *objects, f *findings) {
	if len(o.namespaces) != 1 {
		f.add("%d namespaces", len(o.namespaces))
		return
	}
	ns := o.namespaces[0]
	if ns.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		f.add("namespace %s does not enforce the restricted standard", ns.Name)
	}
	for _, object := range o.all {
		m, err := meta.Accessor(object)
		if err != nil {
			f.add("%T: %v", object, err)
			continue
		}
		if object != ns && m.GetNamespace() != ns.Name {
			f.add("%s is in namespace %q", m.GetName(), m.GetNamespace())
		}
	}
}

// selectors: each selector matches pods, and a Deployment's matches its own.
func selectors(o *objects, f *findings) {
	for _, d := range o.deployments {
		by := labelSelector(d.Spec.Selector, f)
		own := labels.Set(d.Spec.Template.Labels)
		if by.Empty() || !by.Matches(own) {
			f.add("deployment %s does not select its own pods", d.Name)
		}
		for _, c := range d.Spec.Template.Spec.TopologySpreadConstraints {
			if !labelSelector(c.LabelSelector, f).Matches(own) {
				f.add("deployment %s spreads other pods over %s", d.Name, c.TopologyKey)
			}
		}
	}
	for _, s := range o.services {
		if len(o.selected(labels.SelectorFromSet(s.Spec.Selector))) != 1 {
			f.add("service %s does not select the pods of one deployment", s.Name)
		}
	}
	for _, b := range o.budgets {
		if len(o.selected(labelSelector(b.Spec.Selector, f))) != 1 {
			f.add("budget %s does not select the pods of one deployment", b.Name)
		}
	}
	for _, p := range o.policies {
		if len(o.selected(labelSelector(&p.Spec.PodSelector, f))) != 1 {
			f.add("policy %s does not select the pods of one deployment", p.Name)
		}
	}
}

func labelSelector(s *metav1.LabelSelector, f *findings) labels.Selector {
	by, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		f.add("%v", err)
		return labels.Nothing()
	}
	return by
}

// servicePorts: a Service's target ports exist in its pods.
func servicePorts(o *objects, f *findings) {
	for _, s := range o.services {
		for _, d := range o.selected(labels.SelectorFromSet(s.Spec.Selector)) {
			for _, p := range s.Spec.Ports {
				if podPort(d, func(c *corev1.Container) bool { return containerPort(c, p.TargetPort) != "" }) == nil {
					f.add("service %s: no container of %s has port %s", s.Name, d.Name, p.TargetPort.String())
				}
			}
		}
	}
}

// podPort returns the first container for which has returns true, or nil.
func podPort(d *appsv1.Deployment, has func(*corev1.Container) bool) *corev1.Container {
	all := containers(&d.Spec.Template.Spec)
	if i := slices.IndexFunc(all, has); i >= 0 {
		return all[i]
	}
	return nil
}

var image = regexp.MustCompile(`^(envoyproxy/envoy:v1\.\d+\.\d+|bedrock-extproc:dev)$`)

// images: there are two images, with a version and without a registry.
func images(o *objects, f *findings) {
	for _, d := range o.deployments {
		for _, c := range containers(&d.Spec.Template.Spec) {
			if !image.MatchString(c.Image) {
				f.add("%s: image %s", c.Name, c.Image)
			}
		}
	}
}
