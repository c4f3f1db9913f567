package doctor

import (
	"fmt"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
)

// routeChecks are about the routes on which the filter runs.
func routeChecks() []check {
	return []check{
		{
			"routes-missing", Warning,
			"a route configuration that is not in the dump, such as one that RDS has not delivered",
			"Let the control plane deliver it, or save the dump when it has.",
			eachPlace(func(_ *examination, p *place) []observation {
				if p.routing != nil {
					return nil
				}
				return observe(p.manager.where, "its routes are not known, and were not checked (%q)", p.manager.config.GetRds().GetRouteConfigName())
			}),
		},
		{
			"route-disabled", Error,
			"a route of model calls on which the filter is disabled, while it runs on others of the same virtual host",
			"Remove the ExtProcPerRoute or FilterConfig that disables the filter there.",
			eachPlace(disabledCalls),
		},
		{
			"route-behind", Error,
			"a direct_response that hides that the filter was skipped: a success, or for model calls anything but 5xx",
			"Make the route a direct_response with status 503: it is seen only if the sidecar was skipped, and is an alarm then.",
			eachPlace(behind),
		},
		{
			"route-behind-cluster", Warning,
			"a route to a cluster with endpoints, or a redirect, on which the filter runs: the sidecar answers all its requests, and if it is skipped the prompts go to that cluster",
			"Make routes of model calls a direct_response with status 503, and disable the filter on others by ExtProcPerRoute.disabled.",
			eachPlace(behindCluster),
		},
	}
}

func behindCluster(e *examination, p *place) []observation {
	var found []observation
	for _, r := range p.routes {
		switch cluster := r.route.GetRoute().GetCluster(); {
		case !r.enabled, e.nobody(cluster):
		case r.route.GetRoute() != nil:
			found = append(found, observation{r.where, "it leads to a cluster" + named(cluster)})
		case r.route.GetRedirect() != nil:
			found = append(found, observation{r.where, "it is a redirect, which is never sent"})
		}
	}
	return found
}

// nobody tells whether a cluster is one without endpoints, which answers 503.
func (e *examination) nobody(cluster string) bool {
	endpoints, known := e.endpoints[cluster]
	return known && len(endpoints) == 0
}

func named(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf(" %q", name)
}

func disabledCalls(e *examination, p *place) []observation {
	var found []observation
	for host := range p.routing.GetVirtualHosts() {
		if !slices.ContainsFunc(p.routes, func(r route) bool { return r.host == host && r.enabled }) {
			continue // a host that is none of the sidecar's business
		}
		for _, path := range e.Paths {
			for _, r := range serving(p.routes, host, path) {
				if !r.enabled {
					found = append(found, observation{r.where, "the filter is disabled for " + path})
				}
			}
		}
	}
	return found
}

func behind(e *examination, p *place) []observation {
	calls := map[*routev3.Route]bool{}
	for host := range p.routing.GetVirtualHosts() {
		for _, path := range e.Paths {
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
