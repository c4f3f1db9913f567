package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// filterStat matches the counters of ext_proc filters that say that calls went
// wrong.
var filterStat = regexp.MustCompile(`^http\..*\.ext_proc\..*(spurious_msgs_received|message_timeouts|failure_mode_allowed)$`)

// statChecks are about what a running Envoy has seen.
func statChecks() []check {
	return []check{
		{
			"sidecar-unhealthy", Error,
			"a cluster without a healthy sidecar (running Envoy only)",
			"Start the sidecar where the cluster's endpoints are, on the same address or socket, and see that Envoy may connect.",
			func(e *examination) []observation {
				return e.eachClusterStat(func(name string) string {
					healthy, known := e.Stats["cluster."+name+".membership_healthy"]
					return problemIf(known && healthy == 0, fmt.Sprintf("%d of %d endpoints are healthy", healthy, e.Stats["cluster."+name+".membership_total"]))
				})
			},
		},
		{
			"calls-refused", Warning,
			"calls that circuit breakers have refused since Envoy started (running Envoy only)",
			"Raise circuit_breakers.thresholds of the cluster.",
			func(e *examination) []observation {
				return e.eachClusterStat(func(name string) string {
					n := e.Stats["cluster."+name+".upstream_rq_pending_overflow"] + e.Stats["cluster."+name+".upstream_rq_active_overflow"]
					return problemIf(n > 0, fmt.Sprintf("circuit breakers have refused %d calls", n))
				})
			},
		},
		{
			"calls-failed", Warning,
			"answers that Envoy did not understand, timeouts, and calls that were let through (running Envoy only)",
			"See the other findings; if there are none, look at the access log's details of calls with status 500 or 504.",
			func(e *examination) []observation {
				var found []observation
				for _, name := range slices.Sorted(maps.Keys(e.Stats)) {
					if e.Stats[name] > 0 && filterStat.MatchString(name) {
						found = append(found, observe("Envoy", "%s is %d", name, e.Stats[name])...)
					}
				}
				return found
			},
		},
	}
}

func (e *examination) eachClusterStat(find func(name string) string) []observation {
	var found []observation
	for _, name := range e.clusterNames() {
		stat := cmp.Or(e.clusters[name].GetAltStatName(), name)
		if problem := find(strings.ReplaceAll(stat, ":", "_")); problem != "" {
			found = append(found, observation{fmt.Sprintf("cluster %q", name), problem})
		}
	}
	return found
}
