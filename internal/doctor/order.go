package doctor

import (
	"fmt"
	"slices"
	"strings"

	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// guards are the filters that authenticate, authorize or rate limit requests.
var guards = []string{
	"jwt_authn", "ext_authz", "rbac", "oauth2", "api_key_auth", "basic_auth", "csrf", "cors",
	"ratelimit", "local_ratelimit", "rate_limit_quota",
}

// others are further filters that act on requests, or may.
var others = []string{
	"wasm", "lua", "golang", "dynamic_modules", "ext_proc", "composite",
	"admission_control", "adaptive_concurrency", "bandwidth_limit", "buffer", "body_size_limit",
	"header_mutation", "header_to_metadata", "json_to_metadata", "set_metadata", "set_filter_state", "ip_tagging", "geoip",
	"fault", "health_check",
}

// orderChecks check the order of the filter chain.
func orderChecks() []check {
	return []check{
		{
			"filter-order", Error,
			"an authentication, authorization or rate limit filter after ext_proc: it never sees a request, because the sidecar answers first (" + strings.Join(guards, ", ") + ")",
			"Move it before ext_proc. In Istio, insert ext_proc before the router; in Envoy Gateway, move ext_proc after it with EnvoyProxy's filterOrder.",
			eachFilter(func(e *examination, p *extProc) []observation { return e.filtersAfter(p, guards) }),
		},
		{
			"filter-order-others", Warning,
			"another filter that acts on requests after ext_proc (" + strings.Join(others, ", ") + "): it never sees a request, only the response",
			"Move it before ext_proc if it is meant for the sidecar's requests.",
			eachFilter(func(e *examination, p *extProc) []observation { return e.filtersAfter(p, others) }),
		},
		{
			"router-last", Error,
			"a filter chain that does not end with the router",
			"Make envoy.filters.http.router the last of http_filters.",
			eachFilter(func(e *examination, p *extProc) []observation {
				if n := len(p.after); n > 0 && e.kind(p.after[n-1]) == "router" {
					return nil
				}
				return observe(p.where(), "the last filter of the chain is not the router")
			}),
		},
	}
}

// filtersAfter reports the filters of the given kinds that come after ext_proc.
func (e *examination) filtersAfter(p *extProc, kinds []string) []observation {
	var names []string
	for _, f := range p.after {
		if slices.Contains(kinds, e.kind(f)) && p.inUse(f) {
			names = append(names, fmt.Sprintf("%q", f.GetName()))
		}
	}
	if names == nil {
		return nil
	}
	return observe(p.where(), "these filters come after it and never run for requests: %s", strings.Join(names, ", "))
}

// inUse reports whether a filter runs on any route.
func (p *extProc) inUse(f *hcmv3.HttpFilter) bool {
	other := extProc{manager: p.manager, filter: f, routing: p.routing}
	return !f.GetDisabled() || slices.ContainsFunc(other.findRoutes(), func(r route) bool { return r.enabled })
}
