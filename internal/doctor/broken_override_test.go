package doctor

import (
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	rbacv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bedrock-extproc/envoy"
)

const misspeltName = "envoy.filters.http.ext-proc"

// brokenOverrides have a typed_per_filter_config that Envoy accepts and ignores.
func brokenOverrides() []broken {
	named := func(t *testing.T, m proto.Message) map[string]*anypb.Any {
		return map[string]*anypb.Any{misspeltName: packed(t, m)}
	}
	unknown := func(where string) []string {
		return []string{"override-name: " + listenerWhere + ", " + where + `: no filter has the name "envoy.filters.http.ext-proc", but typed_per_filter_config does`}
	}
	const route = `virtual host "bedrock", route "bedrock"`
	wrongType := []string{
		"override-type: " + listenerWhere + ", " + route +
			`: typed_per_filter_config of filter "envoy.filters.http.ext_proc" has a type of rbac, want ext_proc`,
	}
	return []broken{
		{"a misspelt name on a route", func(t *testing.T, s *site) {
			s.route().TypedPerFilterConfig = named(t, envoy.Backend("eu"))
		}, unknown(route)},
		{"a misspelt name on a virtual host", func(t *testing.T, s *site) {
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = named(t, envoy.Backend("eu"))
		}, unknown(`virtual host "bedrock"`)},
		{"a misspelt name on the route configuration", func(t *testing.T, s *site) {
			s.routes.TypedPerFilterConfig = named(t, envoy.Backend("eu"))
		}, unknown(`route configuration "bedrock"`)},
		{"a misspelt name on a weighted cluster", func(t *testing.T, s *site) {
			s.toWeighted(named(t, envoy.Backend("eu")))
		}, unknown(route + `, cluster "web"`)},
		{"a misspelt name that disables", func(t *testing.T, s *site) {
			s.route().TypedPerFilterConfig = named(t, &routev3.FilterConfig{Disabled: true})
		}, unknown(route)},
		{"a misspelt name of another filter", func(t *testing.T, s *site) {
			s.insert(0, httpFilter(t, "rbac", &rbacv3.RBAC{}))
			s.route().TypedPerFilterConfig = map[string]*anypb.Any{"rbca": packed(t, &rbacv3.RBACPerRoute{})}
		}, []string{"override-name: " + listenerWhere + ", " + route + `: no filter has the name "rbca", but typed_per_filter_config does`}},
		{"a name that may be missing", func(t *testing.T, s *site) {
			s.route().TypedPerFilterConfig = named(t, &routev3.FilterConfig{IsOptional: true, Config: packed(t, envoy.Backend("eu"))})
		}, []string{}},
		{"another filter's type", func(t *testing.T, s *site) { s.perRoute(t, &rbacv3.RBACPerRoute{}) }, wrongType},
		{"another filter's type, wrapped", func(t *testing.T, s *site) {
			s.perRoute(t, &routev3.FilterConfig{Config: packed(t, &rbacv3.RBACPerRoute{})})
		}, wrongType},
		{"a weighted cluster that fails open", func(t *testing.T, s *site) {
			s.toWeighted(map[string]*anypb.Any{
				s.filter.GetName(): packed(t, overrides(&extprocv3.ExtProcOverrides{FailureModeAllow: wrapperspb.Bool(true)})),
			})
		}, []string{"failure-mode: " + routeWhere + `, cluster "web": failure_mode_allow is true`}},
		{"a weighted cluster that disables it", func(t *testing.T, s *site) {
			s.toWeighted(map[string]*anypb.Any{s.filter.GetName(): packed(t, envoy.Disabled())})
			weighted := s.route().GetRoute().GetWeightedClusters()
			weighted.Clusters = append(weighted.Clusters, &routev3.WeightedCluster_ClusterWeight{Name: "web"})
		}, []string{"route-disabled: " + routeWhere + `, cluster "web": the filter is disabled for ` + callPath}},
	}
}

// toWeighted routes to one weighted cluster without endpoints.
func (s *site) toWeighted(perFilter map[string]*anypb.Any) {
	s.toEmptyCluster()
	s.route().GetRoute().ClusterSpecifier = &routev3.RouteAction_WeightedClusters{WeightedClusters: &routev3.WeightedCluster{
		Clusters: []*routev3.WeightedCluster_ClusterWeight{{Name: "web", TypedPerFilterConfig: perFilter}},
	}}
}

// withSetting is a per-route configuration with gRPC initial metadata.
func withSetting(pairs ...string) *extprocv3.ExtProcPerRoute {
	o := &extprocv3.ExtProcOverrides{}
	for i := 0; i < len(pairs); i += 2 {
		o.GrpcInitialMetadata = append(o.GrpcInitialMetadata, &corev3.HeaderValue{Key: pairs[i], Value: pairs[i+1]})
	}
	return overrides(o)
}

// brokenSettings have gRPC initial metadata that does not select a backend.
func brokenSettings() []broken {
	one := func(id, problem string, options Options, pairs ...string) broken {
		var want []string
		if id != "" {
			want = []string{id + ": " + routeWhere + ": " + problem}
		} else {
			want = []string{}
		}
		return broken{"gRPC metadata " + pairs[0] + " " + pairs[1], func(t *testing.T, s *site) {
			options.APIs = s.options.APIs
			s.options = options
			s.perRoute(t, withSetting(pairs...))
		}, want}
	}
	known := Options{Backends: []string{"us", "eu"}, InitialMetadata: []string{"bedrock-tenant"}}
	const reads = "; the sidecar reads bedrock-backend, bedrock-client-choice"
	return []broken{
		one("route-setting", "nothing reads bedrock_backend"+reads, Options{}, "bedrock_backend", "eu"),
		one("route-setting", "nothing reads bedrock-foo"+reads, Options{}, "Bedrock-Foo", "eu"),
		one("route-setting", "nothing reads backend"+reads, Options{}, "backend", "eu"),
		one("route-setting", "nothing reads x-bedrock-backend"+reads, Options{}, "x-bedrock-backend", "eu"),
		one("route-setting", "nothing reads bedrock-tenants"+reads+", bedrock-tenant", known, "bedrock-tenants", "a", "bedrock-tenant", "b"),
		one("route-setting", "bedrock-backend is empty, which Envoy does not send", Options{}, "bedrock-backend", ""),
		one("route-setting", `bedrock-client-choice is "Ignore", which lets clients choose; the only setting is ignore`, Options{}, "bedrock-client-choice", "Ignore"),
		one("", "", Options{}, "Bedrock-Backend", "eu"), // Envoy sends it in lowercase
		one("", "", Options{}, "bedrock-client-choice", "ignore"),
		one("", "", Options{}, "x-trace", "1"),
		one("route-setting-unread", "nothing reads x-trace", known, "x-trace", "1", "bedrock-tenant", "b"),
		one("route-backend", `bedrock-backend is "ue", but the backends are us, eu`, Options{Backends: []string{"us", "eu"}}, "bedrock-backend", "ue"),
		one("", "", Options{Backends: []string{"us", "eu"}}, "bedrock-backend", "eu"),
		{"a route corrects the host's backend", func(t *testing.T, s *site) {
			s.options.Backends = []string{"us", "eu"}
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = map[string]*anypb.Any{s.filter.GetName(): packed(t, withSetting("Bedrock-Backend", "ue"))}
			s.perRoute(t, withSetting("bedrock-backend", "eu"))
		}, []string{}},
	}
}
