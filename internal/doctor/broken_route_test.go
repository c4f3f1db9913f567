package doctor

import (
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	keyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/api_key_auth/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	headerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/header_to_metadata/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bedrock-extproc/envoy"
)

const routeWhere = filterWhere + `, virtual host "bedrock", route "bedrock"`

// perRoute configures the filter on the route.
func (s *site) perRoute(t *testing.T, m proto.Message) {
	t.Helper()
	s.route().TypedPerFilterConfig = map[string]*anypb.Any{s.filter.GetName(): packed(t, m)}
}

// before adds a route with the filter disabled before the existing route.
func (s *site) before(t *testing.T, match *routev3.RouteMatch) {
	t.Helper()
	host := s.routes.GetVirtualHosts()[0]
	host.Routes = append([]*routev3.Route{{
		Name: "first", Match: match, Action: toCluster(&routev3.RouteAction{}),
		TypedPerFilterConfig: map[string]*anypb.Any{s.filter.GetName(): packed(t, envoy.Disabled())},
	}}, host.GetRoutes()...)
}

// onlyFor enables the filter for paths with a prefix; all others are another service's.
func (s *site) onlyFor(t *testing.T, pathPrefix string) {
	t.Helper()
	s.filter.Disabled = true
	s.perRoute(t, envoy.Enabled())
	s.route().Match = prefix(pathPrefix)
	host := s.routes.GetVirtualHosts()[0]
	host.Routes = append(host.Routes, &routev3.Route{Name: "others", Match: prefix("/"), Action: toCluster(&routev3.RouteAction{})})
}

func toCluster(a *routev3.RouteAction) *routev3.Route_Route {
	a.ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: "web"}
	return &routev3.Route_Route{Route: a}
}

func overrides(o *extprocv3.ExtProcOverrides) *extprocv3.ExtProcPerRoute {
	return &extprocv3.ExtProcPerRoute{Override: &extprocv3.ExtProcPerRoute_Overrides{Overrides: o}}
}

func prefix(text string) *routev3.RouteMatch {
	return &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: text}}
}

// brokenRoutes change one route's override of the filter, or the routes themselves.
func brokenRoutes() []broken {
	firstDisabled := []string{"route-disabled: " + filterWhere + `, virtual host "bedrock", route "first": the filter is disabled for ` + callPath}
	routesAway := "route-behind-cluster: " + routeWhere + `: it routes to a cluster "web"`
	status := func(code uint32) func(*testing.T, *site) {
		return func(_ *testing.T, s *site) { s.route().GetDirectResponse().Status = code }
	}
	return []broken{
		{"RDS has not delivered", func(_ *testing.T, s *site) { s.noRoutes = true }, []string{
			"routes-missing: " + listenerWhere + `: its routes ("bedrock") are unknown and were not checked`,
		}},
		{"a host without a route", func(_ *testing.T, s *site) {
			s.routes.GetVirtualHosts()[0].Domains = []string{"llm.example"}
		}, []string{"filter-without-route: " + filterWhere + ": it is not disabled, and some requests match no route"}},
		{"a path without a route", func(_ *testing.T, s *site) { s.route().Match = prefix("/api/") }, []string{
			"filter-without-route: " + filterWhere + ": it is not disabled, and some requests match no route",
		}},
		{"a path without a route, and a disabled filter", func(t *testing.T, s *site) {
			s.route().Match = prefix("/api/")
			s.filter.Disabled = true
			s.perRoute(t, envoy.Enabled())
		}, []string{}},
		{"another service on the same host", func(t *testing.T, s *site) {
			s.onlyFor(t, "/api/v1/llm/")
			s.options.APIs = append(s.options.APIs, API{Name: "openai", Paths: []string{"/v1/chat/completions"}})
		}, []string{}},
		{"another service where an API is", func(t *testing.T, s *site) {
			s.onlyFor(t, "/api/v1/llm/")
			s.options.APIs = []API{{Name: "gateway", Paths: []string{callPath}, Required: true}, {Name: "openai", Paths: []string{"/v1/chat/completions"}, Required: true}}
		}, []string{"route-api: " + filterWhere + ": it runs on no route for openai"}},
		{"another service where every API is", func(t *testing.T, s *site) {
			s.onlyFor(t, "/llm/")
			s.options.APIs = []API{{Name: "gateway", Paths: []string{callPath}}, {Name: "openai", Paths: []string{"/v1/chat/completions"}}}
		}, []string{"route-api: " + filterWhere + ": it runs on no route for gateway, openai"}},
		{"half of an API", func(t *testing.T, s *site) {
			s.onlyFor(t, "/v1/")
			s.options.APIs = []API{{Name: "openai", Paths: []string{"/v1/chat/completions", "/openai/v1/chat/completions"}, Required: true}}
		}, []string{"route-disabled: " + filterWhere + `, virtual host "bedrock", route "others": the filter is disabled for /openai/v1/chat/completions`}},
		{"fallback 200", status(200), []string{"route-behind: " + routeWhere + ": its direct_response has status 200"}},
		{"fallback 404", status(404), []string{"route-behind: " + routeWhere + ": its direct_response has status 404"}},
		{"fallback 500", status(500), []string{}},
		{"a 404 for other paths", func(_ *testing.T, s *site) {
			host := s.routes.GetVirtualHosts()[0]
			other := proto.CloneOf(s.route())
			s.route().Match = prefix("/api")
			other.GetDirectResponse().Status = 404
			host.Routes = append(host.Routes, other)
		}, []string{}},
		{"fallback to a cluster", func(_ *testing.T, s *site) { s.route().Action = toCluster(&routev3.RouteAction{}) }, []string{routesAway}},
		{"fallback to a cluster with endpoints", func(_ *testing.T, s *site) {
			s.route().Action = toCluster(&routev3.RouteAction{})
			s.route().GetRoute().ClusterSpecifier = &routev3.RouteAction_Cluster{Cluster: "bedrock_extproc"}
		}, []string{"route-of-others: " + routeWhere + `: it routes to a cluster "bedrock_extproc"`}},
		{"fallback to a host that never resolves", func(_ *testing.T, s *site) {
			s.toEmptyCluster()
			s.clusters[0].GetLoadAssignment().Endpoints = []*endpointv3.LocalityLbEndpoints{{LbEndpoints: []*endpointv3.LbEndpoint{{
				HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: &corev3.Address{
					Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{Address: "nobody.invalid"}},
				}}},
			}}}}
		}, []string{}},
		{"fallback to a cluster without endpoints", func(_ *testing.T, s *site) { s.toEmptyCluster() }, []string{}},
		{"fallback to a redirect", func(_ *testing.T, s *site) {
			s.route().Action = &routev3.Route_Redirect{Redirect: &routev3.RedirectAction{}}
		}, []string{"route-of-others: " + routeWhere + ": it is a redirect, which Envoy never sends"}},
		{"a route with a short idle_timeout", func(_ *testing.T, s *site) {
			s.route().Action = toCluster(&routev3.RouteAction{IdleTimeout: durationpb.New(time.Minute)})
		}, []string{"route-idle-timeout: " + routeWhere + ": idle_timeout is 1m0s, and an answer may take 5m0s", routesAway}},
		{"a route with a short max_stream_duration", func(_ *testing.T, s *site) {
			s.route().Action = toCluster(&routev3.RouteAction{
				MaxStreamDuration: &routev3.RouteAction_MaxStreamDuration{MaxStreamDuration: durationpb.New(time.Minute)},
			})
		}, []string{"max-stream-duration: " + routeWhere + ": max_stream_duration is 1m0s, and an answer may take 5m0s", routesAway}},
		{"the only route disables it", func(t *testing.T, s *site) { s.perRoute(t, envoy.Disabled()) }, []string{
			"filter-disabled: " + filterWhere + ": every route disables it",
		}},
		{"the host disables it", func(t *testing.T, s *site) {
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = map[string]*anypb.Any{s.filter.GetName(): packed(t, &routev3.FilterConfig{Disabled: true})}
		}, []string{"filter-disabled: " + filterWhere + ": every route disables it"}},
		{"another path disables it", func(t *testing.T, s *site) { s.before(t, prefix("/healthz")) }, []string{}},
		{"a prefix of the call path disables it", func(t *testing.T, s *site) { s.before(t, prefix("/api/v1")) }, firstDisabled},
		{"a whole segment of the call path disables it", func(t *testing.T, s *site) {
			s.before(t, &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: "/api/v1/llm"}})
		}, firstDisabled},
		{"half a segment of the call path disables it", func(t *testing.T, s *site) {
			s.before(t, &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_PathSeparatedPrefix{PathSeparatedPrefix: "/api/v1/l"}})
		}, []string{}},
		{"the call path disables it, in capitals", func(t *testing.T, s *site) {
			s.before(t, &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Path{Path: "/API/v1/llm/completions"}, CaseSensitive: wrapperspb.Bool(false)})
		}, firstDisabled},
		{"a regex for the call path disables it", func(t *testing.T, s *site) {
			s.before(t, &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: "/api/.*"}}})
		}, firstDisabled},
		{"calls with a header disable it", func(t *testing.T, s *site) {
			match := prefix("/api")
			match.Headers = []*routev3.HeaderMatcher{{Name: "x-beta"}}
			s.before(t, match)
		}, firstDisabled},
		{"calls without a header disable it", func(t *testing.T, s *site) {
			s.before(t, prefix("/api"))
			routes := s.routes.GetVirtualHosts()[0]
			conditional := proto.CloneOf(s.route())
			conditional.Name, conditional.TypedPerFilterConfig = "with header", nil
			conditional.Match.Headers = []*routev3.HeaderMatcher{{Name: "x-beta"}}
			conditional.Action = routes.GetRoutes()[1].GetAction()
			routes.Routes = append([]*routev3.Route{conditional}, routes.GetRoutes()...)
		}, firstDisabled},
		{"another host disables it", func(t *testing.T, s *site) {
			s.routes.VirtualHosts = append(s.routes.VirtualHosts, &routev3.VirtualHost{Name: "web", Domains: []string{"web.example.com"}, Routes: []*routev3.Route{{
				Match: prefix("/"), Action: toCluster(&routev3.RouteAction{}),
				TypedPerFilterConfig: map[string]*anypb.Any{s.filter.GetName(): packed(t, envoy.Disabled())},
			}}})
		}, []string{}},
		{"a page that Envoy serves itself", func(t *testing.T, s *site) {
			s.before(t, prefix("/healthz"))
			s.route().Action = &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 200}}
		}, []string{}},
		{"two routes with the same name", func(_ *testing.T, s *site) {
			s.route().GetDirectResponse().Status = 200
			host := s.routes.GetVirtualHosts()[0]
			host.Routes = append(host.Routes, proto.CloneOf(s.route()))
		}, []string{"route-behind: " + routeWhere + ": its direct_response has status 200"}},
		{"a later route disables it", func(t *testing.T, s *site) {
			s.before(t, prefix("/api"))
			routes := s.routes.GetVirtualHosts()[0].GetRoutes()
			routes[0], routes[1] = routes[1], routes[0]
		}, []string{}},
		{"a route that fails open", func(t *testing.T, s *site) {
			s.perRoute(t, overrides(&extprocv3.ExtProcOverrides{FailureModeAllow: wrapperspb.Bool(true)}))
		}, []string{"failure-mode: " + routeWhere + ": failure_mode_allow is true"}},
		{"a route with another mode", func(t *testing.T, s *site) {
			mode := proto.CloneOf(s.config.GetProcessingMode())
			mode.RequestBodyMode = extprocv3.ProcessingMode_STREAMED
			s.perRoute(t, overrides(&extprocv3.ExtProcOverrides{ProcessingMode: mode}))
		}, []string{"body-mode: " + routeWhere + ": request_body_mode is STREAMED"}},
		{"disabled, overridden on one route, enabled unchanged on another", func(t *testing.T, s *site) {
			s.filter.Disabled, s.config.ObservabilityMode = true, true
			host := s.routes.GetVirtualHosts()[0]
			other := proto.CloneOf(s.route())
			s.perRoute(t, overrides(&extprocv3.ExtProcOverrides{FailureModeAllow: wrapperspb.Bool(true)}))
			other.TypedPerFilterConfig = map[string]*anypb.Any{s.filter.GetName(): packed(t, &routev3.FilterConfig{})}
			host.Routes = append(host.Routes, other)
		}, []string{
			"failure-mode: " + routeWhere + ": failure_mode_allow is true",
			"observability-mode: " + filterWhere + ": observability_mode is true",
		}},
		{"a route that receives nothing", func(t *testing.T, s *site) {
			s.perRoute(t, overrides(&extprocv3.ExtProcOverrides{MetadataOptions: &extprocv3.MetadataOptions{
				ReceivingNamespaces: &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: []string{"other"}},
			}}))
		}, []string{"metadata-receiving: " + routeWhere + ": receiving_namespaces lacks bedrock, so the sidecar's metadata is dropped"}},
		{"a route that calls another cluster", func(t *testing.T, s *site) {
			service := proto.CloneOf(s.config.GetGrpcService())
			service.GetEnvoyGrpc().ClusterName = "elsewhere"
			s.options.Cluster = "bedrock_extproc"
			s.perRoute(t, overrides(&extprocv3.ExtProcOverrides{GrpcService: service}))
		}, []string{`cluster-missing: cluster "elsewhere": there is no such cluster`}},
		{"a route with its own metadata", func(t *testing.T, s *site) {
			s.insert(0, jwt(t, map[string]string{"a": "jwt_payload"}))
			s.options.Metadata = [][]string{{"envoy.filters.http.jwt_authn", "jwt_payload", "sub"}}
			s.perRoute(t, overrides(&extprocv3.ExtProcOverrides{MetadataOptions: &extprocv3.MetadataOptions{
				ForwardingNamespaces: &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: []string{"other"}},
			}}))
		}, []string{"identity-metadata: " + routeWhere + ": forwarding_namespaces lacks envoy.filters.http.jwt_authn"}},
		{"no route has the initial metadata", func(_ *testing.T, s *site) { s.options.InitialMetadata = []string{"bedrock-tenant"} }, []string{
			"identity-initial-metadata: " + filterWhere + ": grpc_initial_metadata lacks bedrock-tenant, on every route",
		}},
		{"a route has the initial metadata", func(t *testing.T, s *site) {
			s.options.InitialMetadata = []string{"bedrock-backend"}
			s.perRoute(t, envoy.Backend("eu"))
		}, []string{}},
		{"a route whose backend comes from a header", func(t *testing.T, s *site) {
			s.perRoute(t, envoy.Backend("%REQ(x-backend)%"))
		}, []string{"identity-by-clients: " + routeWhere + ": bedrock-backend is %REQ(x-backend)%, which clients can forge"}},
		{"headers as identity", func(t *testing.T, s *site) {
			s.options.Metadata = [][]string{{headerNamespace, "x-user"}}
			s.config.MetadataOptions.ForwardingNamespaces = &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: []string{headerNamespace}}
			copied := &headerv3.Config_KeyValuePair{}
			s.insert(0, httpFilter(t, "copy", &headerv3.Config{RequestRules: []*headerv3.Config_Rule{
				{Header: "x-user", OnHeaderPresent: copied}, {Cookie: "user", OnHeaderPresent: copied}, {Header: "x-other", OnHeaderPresent: &headerv3.Config_KeyValuePair{MetadataNamespace: "other"}},
			}}))
		}, []string{
			"identity-by-headers: " + filterWhere + `: filter "copy" copies x-user into ` + headerNamespace,
			"identity-by-headers: " + filterWhere + `: filter "copy" copies cookie user into ` + headerNamespace,
		}},
		{"the owner of an API key as identity", func(t *testing.T, s *site) {
			s.options.Metadata = [][]string{{headerNamespace, "owner"}}
			s.config.MetadataOptions.ForwardingNamespaces = &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: []string{headerNamespace}}
			owner := &headerv3.Config_KeyValuePair{Key: "owner"}
			s.insert(0, httpFilter(t, "envoy.filters.http.api_key_auth", &keyv3.ApiKeyAuth{Forwarding: &keyv3.Forwarding{Header: "X-Owner"}}))
			s.insert(1, httpFilter(t, "copy", &headerv3.Config{RequestRules: []*headerv3.Config_Rule{{Header: "x-owner", OnHeaderPresent: owner}, {Header: "x-user", OnHeaderPresent: owner}}}))
		}, []string{"identity-by-headers: " + filterWhere + `: filter "copy" copies x-user into ` + headerNamespace}},
		{"escaped slashes are rejected", func(_ *testing.T, s *site) {
			s.options.APIs = append(s.options.APIs, API{Name: "bedrock", Paths: []string{"/model/id/converse"}})
			s.manager.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_REJECT_REQUEST
		}, []string{"escaped-slashes: " + listenerWhere + ": path_with_escaped_slashes_action is REJECT_REQUEST"}},
		{"escaped slashes are unescaped", func(_ *testing.T, s *site) {
			s.options.APIs = append(s.options.APIs, API{Name: "bedrock", Paths: []string{"/model/id/converse"}})
			s.manager.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_UNESCAPE_AND_FORWARD
		}, []string{"escaped-slashes: " + listenerWhere + ": path_with_escaped_slashes_action is UNESCAPE_AND_FORWARD"}},
		{"escaped slashes are kept by default", func(_ *testing.T, s *site) {
			s.options.APIs = append(s.options.APIs, API{Name: "bedrock", Paths: []string{"/model/id/converse"}})
			s.manager.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_IMPLEMENTATION_SPECIFIC_DEFAULT
		}, []string{}},
		{"escaped slashes are rejected, where no ARN comes", func(t *testing.T, s *site) {
			s.options.APIs = append(s.options.APIs, API{Name: "bedrock", Paths: []string{"/model/id/converse"}})
			s.manager.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_REJECT_REQUEST
			s.onlyFor(t, "/api/")
		}, []string{}},
		{"escaped slashes are rejected, without Bedrock's API", func(_ *testing.T, s *site) {
			s.manager.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_REJECT_REQUEST
		}, []string{}},
		{"a route with a backend", func(t *testing.T, s *site) { s.perRoute(t, envoy.Backend("eu")) }, []string{}},
	}
}
