package doctor

import (
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	localv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// limited adds a global rate limit filter before the sidecar's.
func (s *site) limited(t *testing.T, limits ...*routev3.RateLimit) {
	t.Helper()
	s.insert(0, httpFilter(t, "limit", &ratelimitv3.RateLimit{RateLimits: limits}))
}

// toEmptyCluster makes the route point to a cluster without endpoints.
func (s *site) toEmptyCluster() {
	s.route().Action = toCluster(&routev3.RouteAction{})
	s.clusters = append(s.clusters, &clusterv3.Cluster{Name: "web", LoadAssignment: &endpointv3.ClusterLoadAssignment{ClusterName: "web"}})
}

func brokenRateLimits() []broken {
	limit := &routev3.RateLimit{}
	tokens := &routev3.RateLimit{HitsAddend: &routev3.RateLimit_HitsAddend{Format: "%DYNAMIC_METADATA(bedrock:total_tokens)%"}}
	perRoute := func(t *testing.T) map[string]*anypb.Any {
		return map[string]*anypb.Any{"limit": packed(t, &ratelimitv3.RateLimitPerRoute{RateLimits: []*routev3.RateLimit{tokens}})}
	}
	noCluster := []string{"rate-limit-no-cluster: " + routeWhere + `: the limits of filter "limit" have no effect: the route has no cluster`}
	ignored := ": rate_limits have a hits_addend, which Envoy ignores there"
	return []broken{
		{"a budget of tokens", func(t *testing.T, s *site) {
			s.limited(t)
			s.toEmptyCluster()
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = perRoute(t)
		}, []string{}},
		{"a budget without its tokens", func(t *testing.T, s *site) {
			s.limited(t)
			s.toEmptyCluster()
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = perRoute(t)
			s.config.MetadataOptions.ReceivingNamespaces = nil
		}, []string{
			"budget-without-tokens: " + filterWhere + ": rate limits add bedrock metadata, which it does not receive",
			"metadata-receiving: " + filterWhere + ": receiving_namespaces lacks bedrock, so the sidecar's metadata is dropped",
		}},
		{"no limits", func(t *testing.T, s *site) { s.limited(t) }, []string{}},
		{"limits of the filter", func(t *testing.T, s *site) { s.limited(t, limit) }, noCluster},
		{"limits of a filter that no route uses", func(t *testing.T, s *site) {
			s.limited(t, limit)
			s.manager.GetHttpFilters()[0].Disabled = true
		}, []string{}},
		{"limits after the sidecar", func(t *testing.T, s *site) {
			s.insert(1, httpFilter(t, "limit", &ratelimitv3.RateLimit{RateLimits: []*routev3.RateLimit{limit}}))
		}, []string{"filter-order: " + filterWhere + `: these filters come after it and never run for requests: "limit"`}},
		{"route configuration of another filter", func(t *testing.T, s *site) {
			s.insert(0, httpFilter(t, "rbac", &rbacv3.RBAC{}))
			s.route().TypedPerFilterConfig = map[string]*anypb.Any{"rbac": packed(t, &rbacv3.RBACPerRoute{})}
		}, []string{}},
		{"limits of the host", func(t *testing.T, s *site) {
			s.limited(t)
			s.routes.GetVirtualHosts()[0].RateLimits = []*routev3.RateLimit{limit}
		}, noCluster},
		{"limits of the host, for the filter", func(t *testing.T, s *site) {
			s.limited(t)
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = perRoute(t)
		}, noCluster},
		{"limits of the route, for the filter", func(t *testing.T, s *site) {
			s.limited(t)
			s.route().TypedPerFilterConfig = perRoute(t)
		}, noCluster},
		{"limits of all routes, for the filter", func(t *testing.T, s *site) {
			s.limited(t)
			s.routes.TypedPerFilterConfig = perRoute(t)
		}, noCluster},
		{"local limits of the host", func(t *testing.T, s *site) {
			s.insert(0, httpFilter(t, "limit", &localv3.LocalRateLimit{}))
			s.routes.GetVirtualHosts()[0].RateLimits = []*routev3.RateLimit{limit}
		}, noCluster},
		{"local limits of the host, with a cluster", func(t *testing.T, s *site) {
			s.insert(0, httpFilter(t, "limit", &localv3.LocalRateLimit{}))
			s.routes.GetVirtualHosts()[0].RateLimits = []*routev3.RateLimit{limit}
			s.toEmptyCluster()
		}, []string{}},
		{"local limits of the filter", func(t *testing.T, s *site) {
			s.insert(0, httpFilter(t, "limit", &localv3.LocalRateLimit{RateLimits: []*routev3.RateLimit{limit}}))
		}, []string{}},
		{"limits with a cluster", func(t *testing.T, s *site) {
			s.limited(t, limit)
			s.route().TypedPerFilterConfig = perRoute(t)
			s.toEmptyCluster()
		}, []string{}},
		{"tokens of the host", func(t *testing.T, s *site) {
			s.limited(t)
			s.toEmptyCluster()
			s.routes.GetVirtualHosts()[0].RateLimits = []*routev3.RateLimit{limit, tokens}
		}, []string{"rate-limit-addend: " + filterWhere + `, virtual host "bedrock"` + ignored}},
		{"tokens of the route", func(t *testing.T, s *site) {
			s.limited(t)
			s.toEmptyCluster()
			s.route().GetRoute().RateLimits = []*routev3.RateLimit{tokens}
		}, []string{"rate-limit-addend: " + routeWhere + ignored}},
	}
}
