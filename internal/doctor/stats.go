package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// filterStat matches the counters of ext_proc filters that count failed calls.
var filterStat = regexp.MustCompile(`^http\..*\.ext_proc\..*(spurious_msgs_received|message_timeouts|failure_mode_allowed)$`)

// statChecks check the counters of a running Envoy.
func statChecks() []check {
	return []check{
		{
			"sidecar-unhealthy", Error,
			"the cluster has no healthy endpoint (running Envoy only)",
			"Start the sidecar on the address or socket of the cluster's endpoint, and make sure Envoy can connect to it.",
			func(e *examination) []observation {
				return e.eachClusterStat(func(name string) string {
					healthy, known := e.Stats["cluster."+name+".membership_healthy"]
					return problemIf(known && healthy == 0, fmt.Sprintf("%d of %d endpoints are healthy", healthy, e.Stats["cluster."+name+".membership_total"]))
				})
			},
		},
		{
			"calls-refused", Warning,
			"circuit breakers have rejected calls since Envoy started (running Envoy only)",
			"Raise circuit_breakers.thresholds of the cluster.",
			func(e *examination) []observation {
				return e.eachClusterStat(func(name string) string {
					n := e.Stats["cluster."+name+".upstream_rq_pending_overflow"] + e.Stats["cluster."+name+".upstream_rq_active_overflow"]
					return problemIf(n > 0, fmt.Sprintf("circuit breakers have rejected %d calls", n))
				})
			},
		},
		{
			"calls-failed", Warning,
			"unexpected messages from the sidecar, timeouts, or calls that bypassed the filter (running Envoy only)",
			"Fix the other findings. If there are none, see the response code details of calls with status 500 or 504 in the access log.",
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
