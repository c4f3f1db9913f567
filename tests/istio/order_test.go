package istio

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"istio.io/istio/pilot/pkg/config/kube/crd"
)

// rateLimit is another EnvoyFilter, from Istio's documentation.
const rateLimit = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: zz-rate-limit
  namespace: istio-ingress
spec:
  workloadSelector:
    labels:
      istio: ingressgateway
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: GATEWAY
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter:
              name: envoy.filters.http.router
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          '@type': type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          stat_prefix: limit
`

// TestRateLimitsComeFirst applies a rate limit after the example.
func TestRateLimitsComeFirst(t *testing.T) {
	e := load(t, "gateway")
	later, _, err := crd.ParseInputs(rateLimit)
	if err != nil {
		t.Fatal(err)
	}
	later[0].CreationTimestamp = time.Now().Add(time.Hour)
	e.istio = append(e.istio, later...)
	want := []string{
		"envoy.filters.http.jwt_authn", "envoy.filters.http.rbac", "envoy.filters.http.local_ratelimit",
		"envoy.filters.http.ext_proc", "envoy.filters.http.router",
	}
	if diff := cmp.Diff(want, order(gatewayManager(t, startPilot(t, e).gateway(), "llm.example.com"))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
