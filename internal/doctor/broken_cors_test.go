package doctor

import (
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	basicauthv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/basic_auth/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

const policyWithoutCluster = "cors-no-cluster: " + routeWhere + `: the cors policy of filter "cors" has no effect: the route has no cluster`

// cors adds a cors filter before the sidecar's, and a policy for the virtual host.
func (s *site) cors(t *testing.T) {
	t.Helper()
	s.insert(0, httpFilter(t, "cors", &corsv3.Cors{}))
	s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = corsPolicy(t)
}

func corsPolicy(t *testing.T) map[string]*anypb.Any {
	t.Helper()
	return map[string]*anypb.Any{"cors": packed(t, &corsv3.CorsPolicy{})}
}

// brokenCors have policies for pages of other origins that have no effect.
func brokenCors() []broken {
	withPolicy := func(change func(*testing.T, *site)) func(*testing.T, *site) {
		return func(t *testing.T, s *site) {
			s.cors(t)
			change(t, s)
		}
	}
	before := func(name string) string {
		return "cors-order: " + filterWhere + `: filter "` + name + `" comes before "cors"`
	}
	return []broken{
		{"pages", withPolicy(func(_ *testing.T, s *site) { s.toEmptyCluster() }), []string{}},
		{"a cors filter without a policy", func(t *testing.T, s *site) {
			s.insert(0, httpFilter(t, "cors", &corsv3.Cors{}))
		}, []string{}},
		{"a policy of the host", withPolicy(func(*testing.T, *site) {}), []string{policyWithoutCluster}},
		{"a policy of the route", withPolicy(func(t *testing.T, s *site) {
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = nil
			s.route().TypedPerFilterConfig = corsPolicy(t)
		}), []string{policyWithoutCluster}},
		{"a policy of all routes", withPolicy(func(t *testing.T, s *site) {
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = nil
			s.routes.TypedPerFilterConfig = corsPolicy(t)
		}), []string{policyWithoutCluster}},
		{"an old policy of the host", withPolicy(func(_ *testing.T, s *site) {
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = nil
			s.routes.GetVirtualHosts()[0].Cors = &routev3.CorsPolicy{} //nolint:staticcheck // deprecated, but Envoy still applies it
		}), []string{policyWithoutCluster}},
		{"a policy that the route disables", withPolicy(func(t *testing.T, s *site) {
			s.route().TypedPerFilterConfig = map[string]*anypb.Any{"cors": packed(t, &routev3.FilterConfig{Disabled: true})}
		}), []string{}},
		{"a policy of a wrapped kind", withPolicy(func(t *testing.T, s *site) {
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig["cors"] = packed(t, &routev3.FilterConfig{Config: packed(t, &corsv3.CorsPolicy{})})
		}), []string{policyWithoutCluster}},
		{"a token before preflights", withPolicy(func(t *testing.T, s *site) {
			s.toEmptyCluster()
			s.insert(0, httpFilter(t, "jwt", &jwtv3.JwtAuthentication{}), httpFilter(t, "password", &basicauthv3.BasicAuth{}))
		}), []string{before("jwt"), before("password")}},
		{"a token, but not for preflights", withPolicy(func(t *testing.T, s *site) {
			s.toEmptyCluster()
			s.insert(0, httpFilter(t, "jwt", &jwtv3.JwtAuthentication{BypassCorsPreflight: true}))
		}), []string{}},
		{"a token after preflights", withPolicy(func(t *testing.T, s *site) {
			s.toEmptyCluster()
			s.insert(1, httpFilter(t, "jwt", &jwtv3.JwtAuthentication{}))
		}), []string{}},
		{"a policy without the filter", func(t *testing.T, s *site) {
			s.routes.GetVirtualHosts()[0].TypedPerFilterConfig = corsPolicy(t)
		}, []string{`override-name: listener "bedrock", virtual host "bedrock": no filter has the name "cors", but typed_per_filter_config does`}},
	}
}
