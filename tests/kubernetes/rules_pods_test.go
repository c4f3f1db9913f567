package kubernetes

import (
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

// restricted: pods meet the restricted Pod Security Standard and can write only to
// their volumes.
func restricted(o *objects, f *findings) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		f.add("%v", err)
		return
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, d := range o.deployments {
		template := &d.Spec.Template
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &template.ObjectMeta, &template.Spec))
		if !result.Allowed {
			f.add("deployment %s is not restricted: %s", d.Name, result.ForbiddenDetail())
		}
	}
	each(o, func(_ *appsv1.Deployment, c *corev1.Container) {
		if s := c.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
			f.add("%s can write to its root file system", c.Name)
		}
		if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Memory().IsZero() {
			f.add("%s has no memory limit", c.Name)
		}
	})
}

// accounts: only bedrock-extproc gets the account with the AWS role, not Envoy in the
// same pod, and no pod has an API server token.
func accounts(o *objects, f *findings) {
	if len(o.serviceAccounts) != 1 {
		f.add("%d service accounts", len(o.serviceAccounts))
		return
	}
	account := o.serviceAccounts[0]
	if account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
		f.add("account %s mounts its token", account.Name)
	}
	for _, d := range o.deployments {
		pod := &d.Spec.Template.Spec
		if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
			f.add("deployment %s mounts a token", d.Name)
		}
		has, needs := pod.ServiceAccountName == account.Name, container(pod, "bedrock-extproc") != nil
		if has != needs {
			f.add("deployment %s has account %q", d.Name, pod.ServiceAccountName)
		}
		if !needs {
			continue
		}
		skipped := strings.Split(d.Spec.Template.Annotations["eks.amazonaws.com/skip-containers"], ",")
		for _, name := range o.others(pod) {
			if !slices.Contains(skipped, name) {
				f.add("deployment %s: EKS gives %s the credentials, too", d.Name, name)
			}
		}
	}
}

// others returns the names of the containers beside bedrock-extproc.
func (o *objects) others(pod *corev1.PodSpec) []string {
	names := slices.Clone(o.host.containers)
	for _, c := range containers(pod) {
		if c.Name != "bedrock-extproc" {
			names = append(names, c.Name)
		}
	}
	return names
}

// endGrace is the time bedrock-extproc needs to end calls after the drain timeout.
const endGrace = 2 * time.Second

// graces: the kubelet waits for preStop and drain. A sidecar is stopped after Envoy has
// ended.
func graces(o *objects, f *findings) {
	for _, d := range o.deployments {
		pod := &d.Spec.Template.Spec
		needed := time.Duration(0)
		if c := container(pod, "bedrock-extproc"); c != nil {
			needed += duration(c, "drain-delay", f) + duration(c, "drain-timeout", f) + endGrace
		}
		if c := container(pod, "envoy"); c != nil && !slices.Contains(o.host.containers, c.Name) {
			needed += preStop(c, f)
		}
		if slices.Contains(o.host.containers, "istio-proxy") {
			needed = max(needed, proxyDrain(d, needed, f))
		}
		if grace := pod.TerminationGracePeriodSeconds; grace == nil || time.Duration(*grace)*time.Second <= needed {
			f.add("deployment %s has less than %s to stop", d.Name, needed)
		}
	}
}

// proxyDrain returns the time for which istio-proxy keeps running. It must be at least
// the time that bedrock-extproc needs.
func proxyDrain(d *appsv1.Deployment, needed time.Duration, f *findings) time.Duration {
	var config struct{ TerminationDrainDuration string }
	if err := yaml.Unmarshal([]byte(d.Spec.Template.Annotations["proxy.istio.io/config"]), &config); err != nil {
		f.add("deployment %s: %v", d.Name, err)
	}
	drain, err := time.ParseDuration(config.TerminationDrainDuration)
	if err != nil || drain < needed {
		f.add("deployment %s: istio-proxy ends after %q, before bedrock-extproc", d.Name, config.TerminationDrainDuration)
	}
	return drain
}

func duration(c *corev1.Container, name string, f *findings) time.Duration {
	d, err := time.ParseDuration(flagValue(c, name))
	if err != nil {
		f.add("-%s: %v", name, err)
	}
	return d
}

// preStop returns SECONDS of "bash drain.sh SECONDS".
func preStop(c *corev1.Container, f *findings) time.Duration {
	if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Exec == nil {
		f.add("%s has no preStop", c.Name)
		return 0
	}
	command := c.Lifecycle.PreStop.Exec.Command
	seconds, err := strconv.Atoi(command[len(command)-1])
	if err != nil {
		f.add("%s: preStop has no limit: %v", c.Name, err)
	}
	return time.Duration(seconds) * time.Second
}

// unlinked: service variables are disabled, because they have the same prefix as
// the variables of bedrock-extproc's flags.
func unlinked(o *objects, f *findings) {
	for _, d := range o.deployments {
		if links := d.Spec.Template.Spec.EnableServiceLinks; links == nil || *links {
			f.add("deployment %s gets service variables", d.Name)
		}
	}
}
