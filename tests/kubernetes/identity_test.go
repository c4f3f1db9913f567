package kubernetes

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

const roleAnnotation = "eks.amazonaws.com/role-arn"

// TestPodIdentity checks that pods can reach the agent on their node, and that the
// account has no role annotation.
func TestPodIdentity(t *testing.T) {
	for _, name := range overlays {
		o := load(t, name)
		if !reachesAgent(o) {
			t.Errorf("%s: the agent of EKS cannot be reached", name)
		}
		if role, ok := o.serviceAccounts[0].Annotations[roleAnnotation]; ok {
			t.Errorf("%s: the account has role %s", name, role)
		}
	}
}

// TestIRSA uses the other component, as the README describes.
func TestIRSA(t *testing.T) {
	for _, name := range overlays {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(kubernetesExamples)); err != nil {
			t.Fatal(err)
		}
		file := dir + "/overlays/" + name + "/kustomization.yaml"
		text := strings.Replace(readFile(t, file), "components/pod-identity", "components/irsa", 1)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o := loadFolder(t, dir+"/overlays/"+name)
		if role := o.serviceAccounts[0].Annotations[roleAnnotation]; role != "arn:aws:iam::123456789012:role/bedrock-extproc" {
			t.Errorf("%s: the account has role %q", name, role)
		}
		if reachesAgent(o) {
			t.Errorf("%s: the agent of EKS can be reached", name)
		}
		for _, finding := range o.findings() {
			t.Errorf("%s: %s", name, finding)
		}
	}
}

// reachesAgent reports whether policies allow port 80 of the EKS Pod Identity agent.
func reachesAgent(o *objects) bool {
	for _, rule := range o.policy("bedrock-extproc").Spec.Egress {
		for _, to := range rule.To {
			if cmp.Equal(to.IPBlock, &networkingv1.IPBlock{CIDR: "169.254.170.23/32"}) && portsMatch(rule.Ports, "80", corev1.ProtocolTCP) {
				return true
			}
		}
	}
	return false
}

// iamPolicy has the fields of an IAM policy that tests read.
type iamPolicy struct {
	Version   string
	Statement []struct {
		Effect    string
		Principal map[string]string
		Action    any
		Resource  []string
		Condition map[string]map[string]string
	}
}

// TestIAM checks that the policies allow only the two required actions on models and
// inference profiles, and trust only this service account.
func TestIAM(t *testing.T) {
	want := []string{
		"arn:aws:bedrock:*::foundation-model/*",
		"arn:aws:bedrock:*:123456789012:inference-profile/*",
		"arn:aws:bedrock:*:123456789012:application-inference-profile/*",
	}
	if diff := cmp.Diff(want, iam(t, "permissions").Statement[0].Resource); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "bedrock:CountTokens"}, iam(t, "permissions").Statement[0].Action); diff != "" {
		t.Errorf("permissions (-want +got):\n%s", diff)
	}
	if got := iam(t, "trust-pod-identity").Statement[0].Principal["Service"]; got != "pods.eks.amazonaws.com" {
		t.Errorf("Pod Identity trusts %q", got)
	}
	o := load(t, "sidecar")
	account := "system:serviceaccount:" + o.namespaces[0].Name + ":" + o.serviceAccounts[0].Name
	condition := map[string]map[string]string{"StringEquals": {
		"oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:aud": "sts.amazonaws.com",
		"oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE:sub": account,
	}}
	if diff := cmp.Diff(condition, iam(t, "trust-irsa").Statement[0].Condition); diff != "" {
		t.Errorf("IRSA (-want +got):\n%s", diff)
	}
}

// TestIAMResources checks that the permissions or their README have every kind of resource
// that Bedrock takes as a model. A custom model is called through a deployment or
// provisioned throughput.
func TestIAMResources(t *testing.T) {
	_, pattern, _ := strings.Cut(readFile(t, "../fakebedrock/validate/modelids.go"), "const modelIDPattern = `")
	pattern, _, _ = strings.Cut(pattern, "`")
	kinds := regexp.MustCompile(`[a-z]+(-[a-z]+)*(\)?/|\|)`).FindAllString(strings.ReplaceAll(pattern, "(default-)?", ""), -1)
	if len(kinds) < 9 {
		t.Fatalf("kinds of the pattern: %q", kinds)
	}
	text := readFile(t, kubernetesExamples+"/iam/permissions.json") + readFile(t, kubernetesExamples+"/iam/README.md")
	for _, kind := range kinds {
		if kind = strings.TrimRight(kind, ")/|"); kind != "custom-model" && !strings.Contains(text, ":"+kind+"/*") {
			t.Errorf("no permission for %s", kind)
		}
	}
}

func iam(t *testing.T, name string) iamPolicy {
	t.Helper()
	var p iamPolicy
	decoder := json.NewDecoder(strings.NewReader(readFile(t, kubernetesExamples+"/iam/"+name+".json")))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if p.Version != "2012-10-17" || len(p.Statement) != 1 || p.Statement[0].Effect != "Allow" {
		t.Fatalf("%s: %+v", name, p)
	}
	return p
}
