package envoygateway

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/envoy"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
)

func makeKeys(t *testing.T) string {
	t.Helper()
	keys := t.TempDir()
	if out, err := exec.Command(filepath.Join(programs, "issuer"), "-keys", keys).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return keys
}

// Envoy Gateway accepts every object.
func TestAccepted(t *testing.T) {
	x := translate(t, objects(t, makeKeys(t)))
	kinds := map[string]bool{}
	for _, c := range x.conditions {
		kind, rest, _ := strings.Cut(c, "/")
		kinds[kind] = kinds[kind] || strings.HasPrefix(rest, "Accepted=True")
		if !strings.Contains(rest, "=True") {
			t.Error(c)
		}
	}
	for _, kind := range []string{"gatewayClass", "gateways", "httpRoutes", "backends", "envoyExtensionPolicies", "securityPolicies", "clientTrafficPolicies", "backendTrafficPolicies"} {
		if !kinds[kind] {
			t.Errorf("no %s was accepted", kind)
		}
	}
}

// order returns the names of the filters, in order.
func (x *translation) order(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, f := range x.manager(t).GetHttpFilters() {
		name, _, _ := strings.Cut(f.GetName(), "/")
		names = append(names, strings.TrimPrefix(name, "envoy.filters.http."))
	}
	return names
}

// All filters that may reject a request come before ext_proc. Without filterOrder they
// come after it.
func TestFilterOrder(t *testing.T) {
	all := objects(t, makeKeys(t))
	want := []string{"jwt_authn", "rbac", "local_ratelimit", "ext_proc", "router"}
	if diff := cmp.Diff(want, translate(t, all).order(t)); diff != "" {
		t.Error(diff)
	}
	without := regexp.MustCompile(`(?m)^  filterOrder:\n(  - .*\n    .*\n)+`).ReplaceAllString(all, "")
	if without == all {
		t.Fatal("the example has no filterOrder")
	}
	got := translate(t, without).order(t)
	if slices.Index(got, "rbac") < slices.Index(got, "ext_proc") || slices.Index(got, "local_ratelimit") < slices.Index(got, "ext_proc") {
		t.Errorf("Envoy Gateway's default order is %v, unlike what the example says", got)
	}
}

// The filter and its cluster equal package envoy's, except for settings that Envoy
// Gateway does not support.
func TestSettings(t *testing.T) {
	x := translate(t, objects(t, makeKeys(t)))
	filters := x.manager(t).GetHttpFilters()
	at := slices.Index(x.order(t), "ext_proc")
	if !filters[at].GetDisabled() {
		t.Error("ext_proc is enabled by default")
	}
	got := unpack(t, filters[at].GetTypedConfig(), &extprocv3.ExternalProcessor{})
	want := envoy.ExternalProcessor()
	if diff := cmp.Diff(want, got, protocmp.Transform(),
		protocmp.IgnoreFields(&extprocv3.ExternalProcessor{}, "grpc_service", "stat_prefix", "forward_rules", "route_cache_action", "status_on_error")); diff != "" {
		t.Errorf("ext_proc (-package envoy +Envoy Gateway):\n%s", diff)
	}
	cluster := x.cluster(t, got.GetGrpcService().GetEnvoyGrpc().GetClusterName())
	limits := cluster.GetCircuitBreakers().GetThresholds()[0]
	if limits.GetMaxRequests().GetValue() != 100_000 || limits.GetMaxConnections().GetValue() != 100_000 || limits.GetMaxPendingRequests().GetValue() != 100_000 {
		t.Errorf("circuit breakers: %v", limits)
	}
	var options httpv3.HttpProtocolOptions
	unpack(t, cluster.GetTypedExtensionProtocolOptions()["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"], &options)
	if options.GetExplicitHttpConfig().GetHttp2ProtocolOptions() == nil {
		t.Errorf("the cluster does not use HTTP/2: %v", &options)
	}
	if x.listener.GetPerConnectionBufferLimitBytes().GetValue() != 256<<10 || cluster.GetPerConnectionBufferLimitBytes().GetValue() != 1<<20 {
		t.Errorf("buffers: %v, %v", x.listener.GetPerConnectionBufferLimitBytes(), cluster.GetPerConnectionBufferLimitBytes())
	}
	m := x.manager(t)
	if m.GetStreamIdleTimeout().AsDuration().Minutes() != 10 || m.GetRequestTimeout().AsDuration() != 0 || !m.GetPreserveExternalRequestId() {
		t.Errorf("timeouts: %v, %v", m.GetStreamIdleTimeout(), m.GetRequestTimeout())
	}
}

// The doctor reports no errors.
func TestDoctor(t *testing.T) {
	x := translate(t, objects(t, makeKeys(t)))
	file := filepath.Join(t.TempDir(), "dump.json")
	if err := os.WriteFile(file, x.dump, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(programs, "bedrock-extproc"), "doctor", "-config-dump", file)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=s", "AWS_REGION=us-east-1")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}
