package kubernetes

import (
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
)

// capacity: bedrock-extproc limits its calls, and Go's memory limit is a little below the
// container's.
func capacity(o *objects, f *findings) {
	each(o, func(d *appsv1.Deployment, c *corev1.Container) {
		if c.Name != "bedrock-extproc" {
			return
		}
		if calls, err := strconv.Atoi(flagValue(c, "max-calls")); err != nil || calls <= 0 {
			f.add("deployment %s does not limit calls", d.Name)
		}
		at := slices.IndexFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == "GOMEMLIMIT" })
		if at < 0 {
			f.add("deployment %s has no GOMEMLIMIT", d.Name)
			return
		}
		if !belowLimit(c.Env[at].Value, c.Resources.Limits.Memory().Value()) {
			f.add("deployment %s: GOMEMLIMIT is %s, with a limit of %s", d.Name, c.Env[at].Value, c.Resources.Limits.Memory())
		}
	})
}

// belowLimit reports whether a value of GOMEMLIMIT is between 80 and 95 percent of a
// limit in bytes.
func belowLimit(value string, limit int64) bool {
	bytes, err := resource.ParseQuantity(value[:max(0, len(value)-1)]) // Go writes MiB, Kubernetes Mi
	return err == nil && bytes.Value()*100 >= limit*80 && bytes.Value()*100 <= limit*95
}

// disruptions: each Deployment has at least two pods, one disruption budget that lets one
// of them go, and a rollout that stops no pod before another is ready.
func disruptions(o *objects, f *findings) {
	for _, d := range o.deployments {
		if o.minimum(d) < 2 {
			f.add("deployment %s can have a single pod", d.Name)
		}
		budgets := slices.DeleteFunc(slices.Clone(o.budgets), func(b *policyv1.PodDisruptionBudget) bool {
			return b.Namespace != d.Namespace || !labelSelector(b.Spec.Selector, f).Matches(labels.Set(d.Spec.Template.Labels))
		})
		if len(budgets) != 1 || budgets[0].Spec.MaxUnavailable == nil || budgets[0].Spec.MaxUnavailable.IntValue() != 1 {
			f.add("deployment %s has %d disruption budgets of one pod", d.Name, len(budgets))
		}
		if r := d.Spec.Strategy.RollingUpdate; r == nil || r.MaxUnavailable == nil || r.MaxUnavailable.IntValue() != 0 {
			f.add("deployment %s: a rollout stops pods too early", d.Name)
		}
	}
}

// minimum returns the smallest number of pods of a Deployment.
func (o *objects) minimum(d *appsv1.Deployment) int32 {
	for _, h := range o.autoscalers {
		if h.Spec.ScaleTargetRef.Name == d.Name && h.Namespace == d.Namespace && h.Spec.MinReplicas != nil {
			return *h.Spec.MinReplicas
		}
	}
	if d.Spec.Replicas != nil {
		return *d.Spec.Replicas
	}
	return 1
}

// spread: pods prefer different zones and nodes.
func spread(o *objects, f *findings) {
	for _, d := range o.deployments {
		for _, key := range []string{corev1.LabelTopologyZone, corev1.LabelHostname} {
			if !slices.ContainsFunc(d.Spec.Template.Spec.TopologySpreadConstraints, func(c corev1.TopologySpreadConstraint) bool {
				return c.TopologyKey == key && c.WhenUnsatisfiable == corev1.ScheduleAnyway
			}) {
				f.add("deployment %s does not spread over %s", d.Name, key)
			}
		}
	}
}
