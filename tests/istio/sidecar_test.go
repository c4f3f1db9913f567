package istio

import (
	"net/http"
	"testing"

	"bedrock-extproc/envoy"
	"bedrock-extproc/tests/envoytest"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/google/go-cmp/cmp"
)

// TestSidecar makes calls from other workloads of the mesh.
func TestSidecar(t *testing.T) {
	e := load(t, "sidecar")
	x, mesh, plane := startExtProc(t, e), newAuthority(t), startPilot(t, e)
	pod := plane.pod + ":8080"
	proxy := envoytest.Start(t, pod, lone{
		generated: plane.sidecar(e), listener: "virtualInbound", address: tcp(t, pod),
		move:    map[string]*corev3.Address{envoy.ClusterName: x.address()},
		secrets: []*tlsv3.Secret{mesh.roots(), secret(t, "default", mesh.workload(t, "llm", "llm"))},
	}.edit(t))
	as := func(t *testing.T, namespace, account string, c call) answer {
		t.Helper()
		return c.do(t, client(t, pod, mesh.client(t, namespace, account)), "https://llm.llm")
	}
	claude := `{"model": "us.anthropic.claude-sonnet-4-20250514-v1:0", ` + question[1:]

	t.Run("answered", func(t *testing.T) {
		as(t, "search", "agent", call{body: claude}).want(t, http.StatusOK, "2 + 2 = 4.")
		want := map[string]string{"workload": "spiffe://cluster.local/ns/search/sa/agent"}
		if diff := cmp.Diff(want, x.requestMetadata(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("a certificate decides which models", func(t *testing.T) {
		as(t, "support", "bot", call{}).want(t, http.StatusOK, "2 + 2 = 4.")
		as(t, "support", "bot", call{body: claude}).want(t, http.StatusForbidden, "not_permitted")
	})
	t.Run("another workload", func(t *testing.T) {
		as(t, "default", "curl", call{}).want(t, http.StatusForbidden, "envoy_forbidden")
	})
	t.Run("no mTLS", func(t *testing.T) {
		if resp, err := http.Post("http://"+pod+completions, "application/json", nil); err == nil {
			resp.Body.Close()
			t.Errorf("status %d", resp.StatusCode)
		}
	})
	t.Run("access log", func(t *testing.T) {
		const id = "00000000-0000-4000-8000-00000000abcd"
		as(t, "search", "agent", call{headers: map[string]string{"X-Request-Id": id}}).want(t, http.StatusOK, "")
		if got := logged(t, proxy, id); got["model"] != "us.amazon.nova-lite-v1:0" || got["output_tokens"] == nil {
			t.Errorf("got %v, want model us.amazon.nova-lite-v1:0 and output_tokens", got)
		}
	})
	t.Run("bedrock-extproc gone", func(t *testing.T) {
		x.stop(t)
		as(t, "search", "agent", call{}).want(t, http.StatusServiceUnavailable, "envoy_sidecar_unreachable")
	})
}
