package doctor

import (
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	luav3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/lua/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

func httpFilter(t *testing.T, name string, m proto.Message) *hcmv3.HttpFilter {
	t.Helper()
	return &hcmv3.HttpFilter{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(t, m)}}
}

// insert adds filters to the chain at index at. The sidecar's filter is first, the
// router last.
func (s *site) insert(at int, filters ...*hcmv3.HttpFilter) {
	chain := s.manager.GetHttpFilters()
	s.manager.HttpFilters = append(append(append([]*hcmv3.HttpFilter{}, chain[:at]...), filters...), chain[at:]...)
}

// brokenChains have other filters, or a filter that does not run.
func brokenChains() []broken {
	return []broken{
		{"guards before", func(t *testing.T, s *site) {
			s.insert(0, httpFilter(t, "jwt", &jwtv3.JwtAuthentication{}), httpFilter(t, "lua", &luav3.Lua{}))
		}, []string{}},
		{"guards after", func(t *testing.T, s *site) {
			s.insert(1, httpFilter(t, "jwt", &jwtv3.JwtAuthentication{}), httpFilter(t, "who may", &rbacv3.RBAC{}))
		}, []string{"filter-order: " + filterWhere + `: these filters come after it and never run for requests: "jwt", "who may"`}},
		{"a guard after, recognized by its name", func(_ *testing.T, s *site) {
			s.insert(1, &hcmv3.HttpFilter{Name: "envoy.filters.http.basic_auth"}, &hcmv3.HttpFilter{Name: "envoy.filters.http.oauth2/policy"})
		}, []string{"filter-order: " + filterWhere + `: these filters come after it and never run for requests: "envoy.filters.http.basic_auth", "envoy.filters.http.oauth2/policy"`}},
		{"a guard after that no route uses", func(t *testing.T, s *site) {
			s.insert(1, httpFilter(t, "rbac", &rbacv3.RBAC{}))
			s.manager.HttpFilters[1].Disabled = true
		}, []string{}},
		{"a guard after that a route uses", func(t *testing.T, s *site) {
			s.insert(1, httpFilter(t, "rbac", &rbacv3.RBAC{}))
			s.manager.HttpFilters[1].Disabled = true
			s.route().TypedPerFilterConfig = map[string]*anypb.Any{"rbac": packed(t, &rbacv3.RBACPerRoute{})}
		}, []string{"filter-order: " + filterWhere + `: these filters come after it and never run for requests: "rbac"`}},
		{"a guard after, routes unknown", func(t *testing.T, s *site) {
			s.noRoutes = true
			s.insert(1, httpFilter(t, "rbac", &rbacv3.RBAC{}))
		}, []string{
			"filter-order: " + filterWhere + ` (from ECDS): these filters come after it and never run for requests: "rbac"`,
			"routes-missing: " + listenerWhere + `: its routes ("bedrock") are unknown and were not checked`,
		}},
		{"a script after", func(t *testing.T, s *site) {
			s.insert(1, httpFilter(t, "script", &luav3.Lua{}))
		}, []string{"filter-order-others: " + filterWhere + `: these filters come after it and never run for requests: "script"`}},
		{"the router is not last", func(t *testing.T, s *site) {
			s.insert(2, httpFilter(t, "acme.last", &clusterv3.Cluster{}))
		}, []string{"router-last: " + filterWhere + ": the last filter of the chain is not the router"}},
		{"two filters", func(t *testing.T, s *site) {
			other := proto.CloneOf(s.config)
			other.GrpcService.GetEnvoyGrpc().ClusterName = "other"
			otherCluster := proto.CloneOf(s.cluster)
			otherCluster.Name = "other"
			otherCluster.TypedExtensionProtocolOptions = map[string]*anypb.Any{httpOptions: packed(t, s.http)}
			s.clusters = append(s.clusters, otherCluster)
			s.insert(0, httpFilter(t, "other", other))
		}, []string{
			`filter-ambiguous: Envoy: ext_proc filters call cluster "bedrock_extproc", cluster "other"`,
			`filter-order-others: listener "bedrock", filter "other": these filters come after it and never run for requests: "envoy.filters.http.ext_proc"`,
		}},
		{"a second filter chain", func(_ *testing.T, s *site) {
			s.listener.FilterChains[0].Name = "tls"
			s.listener.DefaultFilterChain = &listenerv3.FilterChain{Filters: []*listenerv3.Filter{{}}}
			s.config.FailureModeAllow = true
		}, []string{
			`failure-mode: listener "bedrock", filter chain "tls", filter "envoy.filters.http.ext_proc": failure_mode_allow is true`,
			`failure-mode: listener "bedrock", filter chain "1", filter "envoy.filters.http.ext_proc": failure_mode_allow is true`,
		}},
		{"disabled", func(_ *testing.T, s *site) { s.filter.Disabled = true }, []string{"filter-disabled: " + filterWhere + ": it is disabled, and no route enables it"}},
		{"disabled, selected by -cluster", func(_ *testing.T, s *site) {
			s.filter.Disabled, s.options.Cluster = true, "bedrock_extproc"
		}, []string{"filter-disabled: " + filterWhere + ": it is disabled, and no route enables it"}},
		{"disabled, but enabled on the route", func(t *testing.T, s *site) {
			s.filter.Disabled = true
			s.perRoute(t, &routev3.FilterConfig{})
		}, []string{}},
	}
}
