package doctor

import (
	"fmt"
	"slices"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// routeChecks check the routes on which the filter runs.
func routeChecks() []check {
	return []check{
		{
			"routes-missing", Warning,
			"a route configuration that is not in the dump, for example because RDS has not delivered it",
			"Have the control plane deliver it, and save the dump after that.",
			eachFilter(func(_ *examination, p *extProc) []observation {
				if p.routing != nil {
					return nil
				}
				return observe(p.manager.where, "its routes (%q) are unknown and were not checked", p.manager.config.GetRds().GetRouteConfigName())
			}),
		},
		{
			"route-disabled", Error,
			"the filter is disabled on a route of model calls, but runs on other routes of the same virtual host",
			"Remove the ExtProcPerRoute or FilterConfig that disables the filter on that route.",
			eachFilter(disabledCalls),
		},
		{
			"route-api", Error,
			"no route sends an API in `apis` of `bedrock_extproc` (-config) to the sidecar; without `apis`, no route sends any API to it",
			"Add routes with the filter for the paths of the API, such as `/v1/` or `/model/`, or remove it from `apis`.",
			eachFilter(missingAPIs),
		},
		{
			"route-behind", Error,
			"a fallback direct_response that hides a bypassed filter: a success status, or any status but 5xx for model calls",
			"Make the route a direct_response with status 503. Clients see it only if the filter is bypassed.",
			eachFilter(fallbackStatus),
		},
		{
			"route-of-others", Error,
			"the filter runs on a route to a cluster with endpoints, or on a redirect: the sidecar answers all its requests, and if the filter is bypassed, prompts go to that cluster",
			"Set disabled: true on the filter, and enable it with typed_per_filter_config on the routes of model calls only. Make those a direct_response with status 503.",
			eachFilter(routesOfOthers),
		},
		{
			"route-behind-cluster", Warning,
			"the filter runs on a route to a cluster whose endpoints are unknown: if it has any, prompts go there when the filter is bypassed",
			"Make routes of model calls a direct_response with status 503, or route them to a cluster without endpoints.",
			eachFilter(func(e *examination, p *extProc) []observation {
				var found []observation
				for _, r := range p.routes {
					if _, known := e.endpoints[r.cluster]; r.enabled && r.route.GetRoute() != nil && !known {
						found = append(found, observation{r.where, "it routes to a cluster" + quoted(r.cluster)})
					}
				}
				return found
			}),
		},
		{
			"filter-without-route", Error,
			"the filter also runs where no route matches: requests to other hosts or paths reach a model, past the authorization of every route",
			"Set disabled: true on the filter, and enable it with typed_per_filter_config on the routes of model calls.",
			eachFilter(func(_ *examination, p *extProc) []observation {
				if p.filter.GetDisabled() || p.routing == nil || matchesAll(p.routing) {
					return nil
				}
				return observe(p.where(), "it is not disabled, and some requests match no route")
			}),
		},
	}
}

// matchesAll reports whether every request matches a route.
func matchesAll(routing *routev3.RouteConfiguration) bool {
	return slices.ContainsFunc(routing.GetVirtualHosts(), func(host *routev3.VirtualHost) bool {
		return slices.Contains(host.GetDomains(), "*") && slices.ContainsFunc(host.GetRoutes(), func(r *routev3.Route) bool {
			m := r.GetMatch()
			everyPath, ok := m.GetPathSpecifier().(*routev3.RouteMatch_Prefix)
			return ok && len(everyPath.Prefix) <= 1 && len(m.GetHeaders())+len(m.GetQueryParameters())+len(m.GetDynamicMetadata()) == 0 &&
				m.GetGrpc() == nil && m.GetTlsContext() == nil && m.GetRuntimeFraction() == nil
		})
	})
}

// routesOfOthers finds routes that are there for another service.
func routesOfOthers(e *examination, p *extProc) []observation {
	var found []observation
	for _, r := range p.routes {
		switch {
		case !r.enabled:
		case slices.ContainsFunc(e.endpoints[r.cluster], mayExist):
			found = append(found, observation{r.where, "it routes to a cluster" + quoted(r.cluster)})
		case r.route.GetRedirect() != nil:
			found = append(found, observation{r.where, "it is a redirect, which Envoy never sends"})
		}
	}
	return found
}

// mayExist is false for a host that never resolves (RFC 2606), which is written for no
// endpoint where a control plane wants one.
func mayExist(a *corev3.Address) bool {
	return !strings.HasSuffix(strings.TrimSuffix(a.GetSocketAddress().GetAddress(), "."), ".invalid")
}

func quoted(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" %q", name)
}

// disabledCalls finds routes of model calls without the filter.
func disabledCalls(e *examination, p *extProc) []observation {
	var found []observation
	for host := range p.routing.GetVirtualHosts() {
		for _, path := range p.callPaths(host, e.APIs) {
			for _, r := range serving(p.routes, host, path) {
				if !r.enabled {
					found = append(found, observation{r.where, "the filter is disabled for " + path})
				}
			}
		}
	}
	return found
}

// callPaths are the paths that a virtual host should bring to the sidecar: all of an API if
// one of them gets there, and those that a route would bring. The others are paths of
// another service.
func (p *extProc) callPaths(host int, apis []API) []string {
	var list []string
	for _, api := range apis {
		if slices.ContainsFunc(api.Paths, func(path string) bool { return p.reaches(host, path) }) {
			list = append(list, api.Paths...)
			continue
		}
		for _, path := range api.Paths {
			if p.shadows(host, path) {
				list = append(list, path)
			}
		}
	}
	return list
}

// reaches reports whether requests of a virtual host for a path may get to the sidecar.
func (p *extProc) reaches(host int, path string) bool {
	return slices.ContainsFunc(serving(p.routes, host, path), func(r route) bool { return r.enabled })
}

// shadows reports whether a route of a virtual host would bring a path to the sidecar, if
// there were no other.
func (p *extProc) shadows(host int, path string) bool {
	return slices.ContainsFunc(p.routes, func(r route) bool { return r.host == host && r.enabled && matches(r.route.GetMatch(), path) })
}

// missingAPIs finds APIs that no route brings to the sidecar.
func missingAPIs(e *examination, p *extProc) []observation {
	if p.routing == nil || !slices.ContainsFunc(p.routes, func(r route) bool { return r.enabled }) {
		return nil // other checks report this
	}
	var missing []string
	for _, api := range e.APIs {
		switch served := p.serves(api); {
		case served && !api.Required:
			return nil // one is enough
		case !served:
			missing = append(missing, api.Name)
		}
	}
	if missing == nil {
		return nil
	}
	return observe(p.where(), "it runs on no route for %s", strings.Join(missing, ", "))
}

// serves reports whether the filter runs for a path of an API: where a route enables it, also
// behind one that does not, or where no route matches.
func (p *extProc) serves(api API) bool {
	if !p.filter.GetDisabled() && !matchesAll(p.routing) {
		return true
	}
	for host := range p.routing.GetVirtualHosts() {
		if slices.ContainsFunc(api.Paths, func(path string) bool { return p.shadows(host, path) }) {
			return true
		}
	}
	return false
}

// fallbackStatus finds direct responses that hide a bypassed filter.
func fallbackStatus(e *examination, p *extProc) []observation {
	calls := map[*routev3.Route]bool{}
	for host := range p.routing.GetVirtualHosts() {
		for _, path := range e.paths() {
			for _, r := range serving(p.routes, host, path) {
				calls[r.route] = true
			}
		}
	}
	var found []observation
	for _, r := range p.routes {
		answer := r.route.GetDirectResponse()
		if !r.enabled || answer == nil {
			continue
		}
		if status := answer.GetStatus(); status < 400 || status < 500 && calls[r.route] {
			found = append(found, observe(r.where, "its direct_response has status %d", status)...)
		}
	}
	return found
}
