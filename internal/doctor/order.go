package doctor

import (
	"fmt"
	"slices"
	"strings"

	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// guards decide who may call, and how often.
var guards = []string{
	"jwt_authn", "ext_authz", "rbac", "oauth2", "api_key_auth", "basic_auth", "csrf", "cors",
	"ratelimit", "local_ratelimit", "rate_limit_quota",
}

// others do something with requests, or are programs that may do anything.
var others = []string{
	"wasm", "lua", "golang", "dynamic_modules", "ext_proc", "composite",
	"admission_control", "adaptive_concurrency", "bandwidth_limit", "buffer", "body_size_limit",
	"header_mutation", "header_to_metadata", "json_to_metadata", "set_metadata", "set_filter_state", "ip_tagging", "geoip",
	"fault", "health_check",
}

// orderChecks are about the other filters.
func orderChecks() []check {
	return []check{
		{
			"filter-order", Error,
			"authentication, authorization and rate limits after the filter: they never see a request, because the sidecar answers it (" + strings.Join(guards, ", ") + ")",
			"Move them before ext_proc. In Istio insert the filter before the router; in Envoy Gateway move ext_proc behind them by EnvoyProxy's filterOrder.",
			eachPlace(func(e *examination, p *place) []observation { return e.behind(p, guards) }),
		},
		{
			"filter-order-others", Warning,
			"other filters after the filter that do something with requests (" + strings.Join(others, ", ") + "): they never see one, only the answer",
			"Move them before ext_proc if they are there for requests of the sidecar.",
			eachPlace(func(e *examination, p *place) []observation { return e.behind(p, others) }),
		},
		{
			"router-last", Error,
			"a chain that does not end in the router",
			"Make envoy.filters.http.router the last of http_filters.",
			eachPlace(func(e *examination, p *place) []observation {
				if n := len(p.after); n > 0 && e.kind(p.after[n-1]) == "router" {
					return nil
				}
				return observe(p.where(), "the last filter of its chain is not the router")
			}),
		},
	}
}

// behind observes the filters of some kinds that come after.
func (e *examination) behind(p *place, kinds []string) []observation {
	var names []string
	for _, f := range p.after {
		if slices.Contains(kinds, e.kind(f)) && p.inUse(f) {
			names = append(names, fmt.Sprintf("%q", f.GetName()))
		}
	}
	if names == nil {
		return nil
	}
	return observe(p.where(), "after it, and so never run for requests: %s", strings.Join(names, ", "))
}

// inUse tells whether a filter runs on any route.
func (p *place) inUse(f *hcmv3.HttpFilter) bool {
	other := place{manager: p.manager, filter: f, routing: p.routing}
	return !f.GetDisabled() || slices.ContainsFunc(other.findRoutes(), func(r route) bool { return r.enabled })
}
