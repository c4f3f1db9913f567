package examples

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/tests/readme"
)

// notRun says why no test types the commands of a page. All others are run: those of
// examples/envoy by TestSteps of tests/e2e and tests/ratelimit.
var notRun = map[string]string{
	root + "/docker-compose/README.md":       "needs Docker; tests/kubernetes runs the services' commands as processes",
	root + "/envoy-gateway/README.md":        "needs a cluster; tests/envoygateway runs Envoy Gateway's own code",
	root + "/istio/README.md":                "needs a cluster; tests/istio runs Istio's own code",
	root + "/kubernetes/README.md":           "needs a cluster; tests/kubernetes runs the containers' commands as processes",
	root + "/kubernetes/iam/README.md":       "has no commands",
	root + "/observability/README.md":        "needs Docker; tests/observability runs Prometheus's own code",
	"../../charts/bedrock-extproc/README.md": "needs a cluster; tests/kubernetes runs Helm's own code and the containers' commands",
}

// TestCommands checks that a page either has commands that a test runs, or says why not.
func TestCommands(t *testing.T) {
	left := maps.Clone(notRun)
	pages := append(files(t, "README.md"), "../../charts/bedrock-extproc/README.md")
	for _, page := range pages {
		reason := left[page]
		delete(left, page)
		run := strings.HasPrefix(page, root+"/envoy/")
		if steps := readme.Steps(t, page); (len(steps) > 0) != run || run == (reason != "") {
			t.Errorf("%s: %d blocks of language sh, and the reason not to run it is %q", page, len(steps), reason)
		}
	}
	if len(left) > 0 {
		t.Errorf("no such pages: %q", slices.Sorted(maps.Keys(left)))
	}
}
