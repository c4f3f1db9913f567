package doctor

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strconv"
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
				return e.eachClusterStat(func(cluster, stat string) string {
					healthy, known := e.Stats[stat+"membership_healthy"]
					return problemIf(known && healthy == 0, fmt.Sprintf("%d of %d endpoints are healthy%s", healthy, e.Stats[stat+"membership_total"], e.addresses(cluster)))
				})
			},
		},
		{
			"sidecar-unreachable", Error,
			"Envoy has never connected to an endpoint of the cluster (running Envoy only)",
			"Start the sidecar on the address or socket of the cluster's endpoint, or correct the endpoint. Add health_checks, so that Envoy notices by itself.",
			func(e *examination) []observation {
				return e.eachClusterStat(func(cluster, stat string) string {
					failed := e.Stats[stat+"upstream_cx_connect_fail"]
					healthy, known := e.Stats[stat+"membership_healthy"]
					return problemIf(failed > 0 && failed >= e.Stats[stat+"upstream_cx_total"] && (!known || healthy > 0),
						fmt.Sprintf("all %d connections have failed%s", failed, e.addresses(cluster)))
				})
			},
		},
		{
			"sidecar-fails", Error,
			"Envoy connects to an endpoint of the cluster, but every call has failed: another server listens there, such as the sidecar's admin interface (running Envoy only)",
			"Correct the address and port of the cluster's endpoint: it is the sidecar's -listen, not its -admin. If it is right, read the sidecar's log.",
			eachFilter(failingCalls),
		},
		{
			"calls-refused", Warning,
			"circuit breakers have rejected calls since Envoy started (running Envoy only)",
			"Raise circuit_breakers.thresholds of the cluster.",
			func(e *examination) []observation {
				return e.eachClusterStat(func(_, stat string) string {
					n := e.Stats[stat+"upstream_rq_pending_overflow"] + e.Stats[stat+"upstream_rq_active_overflow"]
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

// failingCalls reports a filter whose calls have all failed.
func failingCalls(e *examination, p *extProc) []observation {
	prefix := "http." + p.manager.config.GetStatPrefix() + ".ext_proc."
	if own := p.config.GetStatPrefix(); own != "" {
		prefix += own + "."
	}
	started, failed := e.Stats[prefix+"streams_started"], e.Stats[prefix+"streams_failed"]
	cluster := p.config.GetGrpcService().GetEnvoyGrpc().GetClusterName()
	if failed == 0 || failed < started || !e.connects(cluster) {
		return nil
	}
	return observe(p.where(), "all %d calls to cluster %q have failed%s", started, cluster, e.addresses(cluster))
}

// connects reports whether any connection to a cluster has succeeded.
func (e *examination) connects(cluster string) bool {
	stat := e.clusterStat(cluster)
	return e.Stats[stat+"upstream_cx_total"] > e.Stats[stat+"upstream_cx_connect_fail"]
}

// clusterStat returns the beginning of a cluster's stats.
func (e *examination) clusterStat(name string) string {
	stat := cmp.Or(e.clusters[name].GetAltStatName(), name)
	return "cluster." + strings.ReplaceAll(stat, ":", "_") + "."
}

// eachClusterStat calls find with the name of each cluster and the beginning of its
// stats.
func (e *examination) eachClusterStat(find func(cluster, stat string) string) []observation {
	var found []observation
	for _, name := range e.clusterNames() {
		if problem := find(name, e.clusterStat(name)); problem != "" {
			found = append(found, observation{fmt.Sprintf("cluster %q", name), problem})
		}
	}
	return found
}

// addresses lists the endpoints of a cluster, as far as they are known.
func (e *examination) addresses(cluster string) string {
	var list []string
	for _, a := range e.endpoints[cluster] {
		switch {
		case a.GetPipe() != nil:
			list = append(list, "unix://"+a.GetPipe().GetPath())
		case a.GetSocketAddress() != nil:
			list = append(list, net.JoinHostPort(a.GetSocketAddress().GetAddress(), strconv.Itoa(int(a.GetSocketAddress().GetPortValue()))))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}
