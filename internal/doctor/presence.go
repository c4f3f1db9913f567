package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// configurationChecks check whether Envoy has accepted its configuration.
func configurationChecks() []check {
	return []check{
		{
			"configuration-refused", Error,
			"Envoy rejected an update of a listener, route, cluster or filter and still runs the previous one",
			"Fix the error that Envoy reports, and have the control plane send the update again.",
			func(e *examination) []observation { return e.rejected },
		},
		{
			"listener-warming", Warning,
			"a listener that is not in use yet because it waits for a cluster, a secret or another resource",
			"Have the control plane deliver the routes, clusters, secrets and ECDS filters that the listener refers to.",
			func(e *examination) []observation {
				var found []observation
				for _, name := range e.warming {
					found = append(found, observation{fmt.Sprintf("listener %q", name), "it is warming; only the previous version was checked, if there is one"})
				}
				return found
			},
		},
	}
}

// presenceChecks check that the filter exists and runs.
func presenceChecks() []check {
	return []check{
		{
			"filter-missing", Error,
			"no ext_proc filter, or none that calls the cluster given by -cluster",
			"Add the filter from examples/envoy/snippet.yaml to the listener's http_filters before the router, or correct -cluster.",
			filterMissing,
		},
		{
			"filter-unread", Error,
			"an ext_proc filter whose configuration is not in the dump, for example because ECDS has not delivered it",
			"Have the control plane deliver the filter; /config_dump lists it under ecds_filters.",
			filterUnread,
		},
		{
			"filter-ambiguous", Warning,
			"several ext_proc filters that call different clusters: all were checked as the sidecar's",
			"Name the sidecar's cluster with -cluster.",
			filterAmbiguous,
		},
		{
			"filter-disabled", Error,
			"the filter is disabled on every route",
			"Remove disabled: true from the filter, or enable it with typed_per_filter_config on the routes of model calls.",
			eachFilter(filterDisabled),
		},
	}
}

func filterMissing(e *examination) []observation {
	switch {
	case len(e.extProcs) > 0:
		return nil
	case len(e.managers) == 0:
		return observe("Envoy", "no listener has an HTTP connection manager")
	case e.Cluster == "":
		return observe("Envoy", "no listener has an ext_proc filter")
	default:
		return observe("Envoy", "no ext_proc filter calls cluster %q", e.Cluster)
	}
}

func filterUnread(e *examination) []observation {
	var found []observation
	for _, m := range e.managers {
		for _, f := range m.config.GetHttpFilters() {
			if e.kind(f) != "ext_proc" {
				continue
			}
			if packed := e.filterConfig(f); packed.GetTypeUrl() != extProcURL {
				found = append(found, observe(fmt.Sprintf("%s, filter %q", m.where, f.GetName()), "its configuration is unknown (type %q)", packed.GetTypeUrl())...)
			}
		}
	}
	return found
}

const extProcURL = "type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor"

func filterAmbiguous(e *examination) []observation {
	var targets []string
	for _, p := range e.extProcs {
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

func filterDisabled(_ *examination, p *extProc) []observation {
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
