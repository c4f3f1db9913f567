package kubernetes

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// TestChartLint runs the checks of "helm lint".
func TestChartLint(t *testing.T) {
	for _, overlay := range overlays {
		for _, m := range lint.RunAll(chartFolder, values(t, sameValues(overlay)), "bedrock").Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %v", overlay, m)
			}
		}
	}
}

// TestChartValues checks with the rules for examples/kubernetes what the chart makes of
// other values.
func TestChartValues(t *testing.T) {
	for name, c := range map[string]struct {
		values string
		check  func(*testing.T, *objects)
	}{
		"a fixed number of pods": {"autoscaling: {enabled: false}\nreplicas: 3", func(t *testing.T, o *objects) {
			if d := o.envoyDeployment(); len(o.autoscalers) > 0 || d.Spec.Replicas == nil || *d.Spec.Replicas != 3 {
				t.Errorf("%d autoscalers, replicas %v", len(o.autoscalers), d.Spec.Replicas)
			}
		}},
		"calls in flight": {"autoscaling: {callsInFlight: 70}\nmaxCalls: 500", func(t *testing.T, o *objects) {
			testCountsCalls(t, o, o.autoscalers[0])
		}},
		"IRSA": {"aws: {podIdentity: false, roleArn: 'arn:aws:iam::123456789012:role/bedrock-extproc'}", func(t *testing.T, o *objects) {
			if got := o.serviceAccounts[0].Annotations[roleAnnotation]; got != "arn:aws:iam::123456789012:role/bedrock-extproc" || reachesAgent(o) {
				t.Errorf("role %q, reaches the agent of Pod Identity: %t", got, reachesAgent(o))
			}
		}},
		"a Secret": {"aws: {podIdentity: false, secret: aws}", func(t *testing.T, o *objects) {
			if from := container(&o.envoyDeployment().Spec.Template.Spec, "bedrock-extproc").EnvFrom; len(from) != 1 || from[0].SecretRef.Name != "aws" {
				t.Errorf("variables from %v", from)
			}
			if from := container(&o.envoyDeployment().Spec.Template.Spec, "envoy").EnvFrom; len(from) != 0 {
				t.Errorf("Envoy has variables from %v", from)
			}
		}},
		"memory and time": {"{memoryMiB: 2048, drainTimeout: 600}", func(t *testing.T, o *objects) {
			if got := container(&o.envoyDeployment().Spec.Template.Spec, "bedrock-extproc").Env[0].Value; got != "1843MiB" {
				t.Errorf("GOMEMLIMIT is %s", got)
			}
		}},
		"clients": {"networkPolicy: {clients: [{podSelector: {matchLabels: {app: agent}}}]}", func(t *testing.T, o *objects) {
			if from := o.policy("bedrock-extproc").Spec.Ingress[0].From; len(from) != 1 || from[0].PodSelector.MatchLabels["app"] != "agent" {
				t.Errorf("admits %v", from)
			}
		}},
		"the Prometheus Operator": {"metrics: {serviceMonitor: {enabled: true, labels: {release: prometheus}}}", testMonitor},
		"another envoy.yaml": {"envoy: {config: '{static_resources: {listeners: [{address: {socket_address: {address: 0.0.0.0, port_value: 8000}}}]}}'}", func(t *testing.T, o *objects) {
			if text := o.envoyFiles(o.envoyDeployment())["envoy.yaml"]; !strings.HasPrefix(text, "{static_resources:") {
				t.Errorf("envoy.yaml is %.80s", text)
			}
			if checksum(o) == "" || checksum(o) == checksum(loadChart(t, "bedrock-extproc", "{}")) {
				t.Errorf("no new pods: the checksum is %q", checksum(o))
			}
		}},
		"nodes": {"pod: {nodeSelector: {disk: fast}, tolerations: [{key: a, operator: Exists}]}", func(t *testing.T, o *objects) {
			if spec := o.envoyDeployment().Spec.Template.Spec; spec.NodeSelector["disk"] != "fast" || len(spec.Tolerations) != 1 {
				t.Errorf("node selector %v, tolerations %v", spec.NodeSelector, spec.Tolerations)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o := loadChart(t, "bedrock-extproc", c.values)
			o.example = "sidecar"
			if name == "another envoy.yaml" {
				o.example = "" // it calls nothing
			}
			for _, finding := range o.findings() {
				t.Error(finding)
			}
			c.check(t, o)
		})
	}
}

func checksum(o *objects) string {
	return o.envoyDeployment().Spec.Template.Annotations["checksum/envoy"]
}

// testMonitor checks that the Prometheus Operator finds the admin port of the pods.
func testMonitor(t *testing.T, o *objects) {
	t.Helper()
	if len(o.monitors) != 1 || o.monitors[0].Labels["release"] != "prometheus" {
		t.Fatalf("monitors: %v", o.monitors)
	}
	by, err := metav1.LabelSelectorAsSelector(&o.monitors[0].Spec.Selector)
	if err != nil {
		t.Fatal(err)
	}
	found := slices.DeleteFunc(slices.Clone(o.services), func(s *corev1.Service) bool { return !by.Matches(labels.Set(s.Labels)) })
	if len(found) != 1 || len(found[0].Spec.Ports) != 1 || found[0].Spec.Ports[0].Name != o.monitors[0].Spec.Endpoints[0].Port {
		t.Fatalf("it selects %v", found)
	}
	pods := o.selected(labels.SelectorFromSet(found[0].Spec.Selector))
	if len(pods) != 1 || containerPort(container(&pods[0].Spec.Template.Spec, "bedrock-extproc"), found[0].Spec.Ports[0].TargetPort) != "9003" {
		t.Errorf("its service selects %v", pods)
	}
}

// TestChartRefuses checks that wrong values stop "helm install", and what it says.
func TestChartRefuses(t *testing.T) {
	for with, want := range map[string]string{
		"mode: daemon":                             "/mode",
		"maxcalls: 5":                              "maxcalls",
		"memoryMiB: 512Mi":                         "/memoryMiB",
		"config: {a: b}":                           "/config",
		"pod: {volumes: []}":                       "invalid propertyName 'volumes'",
		"envoy: {enabled: false}":                  "mode sidecar adds bedrock-extproc to the chart's Envoy",
		"{mode: service, envoy: {enabled: false}}": "set networkPolicy.envoys",
		"aws: {roleArn: 'arn:aws:iam::123456789012:role/x'}": "set aws.podIdentity to false",
	} {
		if _, err := render(t, "bedrock-extproc", with); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, which is not about %q", with, err, want)
		}
	}
}

// TestChartRelease starts the pods of a release with another name, and makes calls: names
// of services, certificates and volumes follow.
func TestChartRelease(t *testing.T) {
	for _, overlay := range overlays {
		t.Run(overlay, func(t *testing.T) {
			o := loadChart(t, "llm", "mode: "+overlay)
			for _, d := range o.deployments {
				if !strings.HasPrefix(d.Name, "llm-bedrock-extproc") {
					t.Errorf("a Deployment is named %s", d.Name)
				}
			}
			n := newNode(t, o)
			answers(t, n.site, n.startAll(t)["envoy"])
		})
	}
}

// TestChartOfYourEnvoy checks the objects for an Envoy that is not the chart's.
func TestChartOfYourEnvoy(t *testing.T) {
	o := loadChart(t, "bedrock-extproc", "{mode: service, envoy: {enabled: false, fullnameOverride: edge}, networkPolicy: {envoys: [{podSelector: {matchLabels: {app: edge}}}]}}")
	if len(o.deployments) != 1 || len(o.configMaps) != 1 || o.certificate("edge-tls") == nil {
		t.Errorf("%d Deployments, %d ConfigMaps, certificates %v", len(o.deployments), len(o.configMaps), o.certificates)
	}
	edge := &appsv1.Deployment{}
	edge.Spec.Template.Labels = map[string]string{"app": "edge"}
	var f findings
	for _, from := range []*appsv1.Deployment{edge, {}} {
		if got, want := o.letsIn(o.deployments[0], from, "9002", &f), from == edge; got != want {
			t.Errorf("pods with labels %v are admitted: %t", from.Spec.Template.Labels, got)
		}
	}
}

// TestChartFiles checks that the chart's copies of small files are those of the example.
func TestChartFiles(t *testing.T) {
	for name, file := range map[string]string{
		"drain.sh": "base/drain.sh", "client-certificate.yaml": "overlays/service/client-certificate.yaml",
		"server-validation.yaml": "overlays/service/server-validation.yaml",
	} {
		want := readFile(t, kubernetesExamples+"/"+file)
		if *update {
			if err := os.WriteFile(chartFolder+"/files/"+name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, readFile(t, chartFolder+"/files/"+name)); diff != "" {
			t.Errorf("%s is stale, run go test -update (-want +got):\n%s", name, diff)
		}
	}
}
