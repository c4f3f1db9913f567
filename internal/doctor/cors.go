package doctor

import (
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	corsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// corsChecks find policies for pages of other origins that have no effect on model
// calls. A cors filter after ext_proc is found by filter-order.
func corsChecks() []check {
	return []check{
		{
			"cors-no-cluster", Error,
			"a cors policy for a direct_response route: Envoy's cors filter silently ignores routes without a cluster. Preflights get the sidecar's 405, and browsers reject every answer",
			"Route to a cluster without endpoints, which also answers 503, as in examples/envoy/browser.",
			eachCors(func(_ *examination, p *extProc, f *hcmv3.HttpFilter) []observation {
				var found []observation
				for _, r := range p.routes {
					if r.enabled && r.route.GetRoute() == nil && p.corsPolicy(f, r) {
						found = append(found, observe(r.where, "the cors policy of filter %q has no effect: the route has no cluster", f.GetName())...)
					}
				}
				return found
			}),
		},
		{
			"cors-order", Warning,
			"an authentication filter before cors: it rejects preflights, which carry no credentials, unless its rules allow them (jwt_authn without bypass_cors_preflight, api_key_auth, basic_auth, oauth2, ext_authz)",
			"Move cors before it. Its 401 then has the headers that let a page read it, too.",
			eachCors(preflightsRejected),
		},
	}
}

// eachCors applies find to each cors filter that runs before an ext_proc filter.
func eachCors(find func(*examination, *extProc, *hcmv3.HttpFilter) []observation) func(*examination) []observation {
	return eachFilter(func(e *examination, p *extProc) []observation {
		var found []observation
		for _, f := range p.before() {
			if e.kind(f) == "cors" {
				found = append(found, find(e, p, f)...)
			}
		}
		return found
	})
}

// corsPolicy reports whether a route has a policy of a cors filter.
func (p *extProc) corsPolicy(f *hcmv3.HttpFilter, r route) bool {
	host := p.routing.GetVirtualHosts()[r.host]
	for _, perFilter := range []map[string]*anypb.Any{
		r.route.GetTypedPerFilterConfig(), host.GetTypedPerFilterConfig(), p.routing.GetTypedPerFilterConfig(),
	} {
		if packed, ok := perFilter[f.GetName()]; ok {
			return isCorsPolicy(packed)
		}
	}
	//nolint:staticcheck // deprecated, but Envoy still applies them
	return !f.GetDisabled() && (r.route.GetRoute().GetCors() != nil || host.GetCors() != nil)
}

func isCorsPolicy(packed *anypb.Any) bool {
	if wrapped, ok := unpack[routev3.FilterConfig](packed); ok {
		packed = wrapped.GetConfig()
		if wrapped.GetDisabled() {
			return false
		}
	}
	_, ok := unpack[corsv3.CorsPolicy](packed)
	return ok
}

// preflightsRejected finds authentication before cors, if model calls have a policy.
func preflightsRejected(e *examination, p *extProc, cors *hcmv3.HttpFilter) []observation {
	if !slices.ContainsFunc(p.routes, func(r route) bool { return r.enabled && p.corsPolicy(cors, r) }) {
		return nil
	}
	var found []observation
	for _, f := range p.before() {
		if f == cors {
			break
		}
		if p.inUse(f) && e.needsCredentials(f) {
			found = append(found, observe(p.where(), "filter %q comes before %q", f.GetName(), cors.GetName())...)
		}
	}
	return found
}

// needsCredentials reports whether a filter rejects preflights.
func (e *examination) needsCredentials(f *hcmv3.HttpFilter) bool {
	kind := e.kind(f)
	if kind == "jwt_authn" {
		config, _ := unpack[jwtv3.JwtAuthentication](e.filterConfig(f))
		return !config.GetBypassCorsPreflight()
	}
	return slices.Contains([]string{"api_key_auth", "basic_auth", "oauth2", "ext_authz"}, kind)
}
