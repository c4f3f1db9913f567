package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// configurationChecks are about what Envoy itself thinks of its configuration.
func configurationChecks() []check {
	return []check{
		{
			"configuration-refused", Error,
			"an update of a listener, route, cluster or filter that Envoy did not accept: it still runs the one before",
			"Mend what Envoy names, and let the control plane send it again.",
			func(e *examination) []observation { return e.refused },
		},
		{
			"listener-warming", Warning,
			"a listener that waits for something, such as a cluster or a secret, and is not in use yet",
			"Let the control plane deliver what the listener refers to: routes, clusters, secrets, ECDS filters.",
			func(e *examination) []observation {
				var found []observation
				for _, name := range e.warming {
					found = append(found, observation{fmt.Sprintf("listener %q", name), "it is warming; what was checked is the one before, if there is one"})
				}
				return found
			},
		},
	}
}

// presenceChecks are about whether and where the filter is.
func presenceChecks() []check {
	return []check{
		{
			"filter-missing", Error,
			"no ext_proc filter, or none that calls the cluster of -cluster",
			"Put the filter of examples/envoy/snippet.yaml before the router of the listener's http_filters, or name the right cluster with -cluster.",
			missing,
		},
		{
			"filter-unread", Error,
			"an ext_proc filter whose configuration is not in the dump, such as one that ECDS has not delivered",
			"Let the control plane deliver the filter; Envoy lists it under /config_dump as ecds_filters.",
			unread,
		},
		{
			"filter-ambiguous", Warning,
			"ext_proc filters that call different clusters: all were checked as the sidecar's",
			"Name the sidecar's cluster with -cluster.",
			ambiguous,
		},
		{
			"filter-disabled", Error,
			"a filter that is disabled on every route",
			"Remove disabled: true from the filter, or enable it on the routes of model calls by typed_per_filter_config.",
			eachPlace(disabled),
		},
	}
}

func missing(e *examination) []observation {
	switch {
	case len(e.places) > 0:
		return nil
	case len(e.managers) == 0:
		return observe("Envoy", "no listener has an HTTP connection manager")
	case e.Cluster == "":
		return observe("Envoy", "no listener has an ext_proc filter")
	default:
		return observe("Envoy", "no ext_proc filter calls cluster %q", e.Cluster)
	}
}

func unread(e *examination) []observation {
	var found []observation
	for _, m := range e.managers {
		for _, f := range m.config.GetHttpFilters() {
			if e.kind(f) != "ext_proc" {
				continue
			}
			if packed := e.filterConfig(f); packed.GetTypeUrl() != extProcURL {
				found = append(found, observe(fmt.Sprintf("%s, filter %q", m.where, f.GetName()), "its configuration is not known (type %q)", packed.GetTypeUrl())...)
			}
		}
	}
	return found
}

const extProcURL = "type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor"

func ambiguous(e *examination) []observation {
	var targets []string
	for _, p := range e.places {
		for _, s := range p.settings {
			targets = append(targets, target(s.config.GetGrpcService()))
		}
	}
	slices.Sort(targets)
	if targets = slices.Compact(targets); e.Cluster != "" || len(targets) < 2 {
		return nil
	}
	return observe("Envoy", "ext_proc filters call %s", strings.Join(targets, ", "))
}

func disabled(_ *examination, p *place) []observation {
	switch {
	case slices.ContainsFunc(p.routes, func(r route) bool { return r.enabled }):
		return nil
	case p.filter.GetDisabled():
		return observe(p.where(), "it is disabled, and no route enables it")
	case len(p.routes) > 0:
		return observe(p.where(), "every route disables it")
	default:
		return nil
	}
}
