package doctor

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	// defaultLimit is Envoy's default for connections, pending requests and requests.
	defaultLimit = 1024
	// shortestPing is the shortest ping interval that the sidecar's server allows.
	shortestPing = 2 * time.Second
	// longestHang is how long a call may wait for a sidecar that hangs.
	longestHang = 15 * time.Second
	// longestConnect is the default of common control planes.
	longestConnect = 10 * time.Second
)

// clusterChecks check how Envoy reaches the sidecar.
func clusterChecks() []check {
	return []check{
		{
			"cluster-missing", Error,
			"the filter calls a cluster that Envoy does not have",
			"Define the cluster, or name an existing one in grpc_service.envoy_grpc.cluster_name; in Istio it is outbound|PORT||HOST.",
			func(e *examination) []observation {
				var found []observation
				for _, name := range e.clusterNames() {
					if e.clusters[name] == nil {
						found = append(found, observation{fmt.Sprintf("cluster %q", name), "there is no such cluster"})
					}
				}
				return found
			},
		},
		{
			"circuit-breakers", Warning,
			"circuit breakers that allow 1,024 (Envoy's default) or fewer concurrent requests. Each answer in progress counts as one; further requests fail with 500",
			"Set max_connections, max_pending_requests and max_requests in circuit_breakers.thresholds of the cluster, for example to 100000. Limit calls with the sidecar's -max-calls.",
			eachCluster(func(_ *examination, c *clusterv3.Cluster) string { return breakers(c) }),
		},
		{
			"http2", Error,
			"a cluster without HTTP/2, which gRPC needs",
			"Set explicit_http_config.http2_protocol_options: {} in the cluster's HttpProtocolOptions. In Istio, name the Service's port grpc-….",
			eachCluster(func(_ *examination, c *clusterv3.Cluster) string {
				return problemIf(!usesHTTP2(c), "it does not use HTTP/2")
			}),
		},
		{
			"cluster-stream-duration", Error,
			"max_stream_duration of the cluster is shorter than -longest-answer, so Envoy ends the call to the sidecar early",
			"Remove max_stream_duration from common_http_protocol_options of the cluster.",
			eachCluster(func(e *examination, c *clusterv3.Cluster) string {
				return e.tooShort("max_stream_duration", protocols(c).GetCommonHttpProtocolOptions().GetMaxStreamDuration().AsDuration())
			}),
		},
		{
			"cluster-plaintext", Warning,
			"a cluster that calls another machine without TLS: prompts cross the network unencrypted, and anyone who can reach the sidecar can impersonate any caller",
			"Use mutual TLS (a transport_socket with a client certificate on the cluster, -tls-client-ca on the sidecar), a Unix socket, a loopback address, or the mesh's mTLS.",
			eachCluster(plaintext),
		},
		{
			"connect-timeout", Warning,
			"connect_timeout is over ten seconds: while the sidecar is down, clients wait that long for a 503",
			"Set connect_timeout of the cluster to 1s.",
			eachCluster(func(_ *examination, c *clusterv3.Cluster) string {
				limit := c.GetConnectTimeout().AsDuration()
				return problemIf(limit > longestConnect, fmt.Sprintf("connect_timeout is %v", limit))
			}),
		},
		{
			"keepalive", Warning,
			"no HTTP/2 pings, or rare ones: calls to a sidecar that hangs wait for a minute or forever. Or pings more often than every two seconds, for which the sidecar closes the connection",
			"Set connection_keepalive in the cluster's http2_protocol_options: interval 5s, timeout 5s.",
			eachCluster(func(_ *examination, c *clusterv3.Cluster) string { return pings(c) }),
		},
		{
			"health-check", Warning,
			"a cluster of addresses or DNS names without health checks: Envoy does not notice when a sidecar drains",
			"Add health_checks with grpc_health_check: {} and an interval of 1s. Clusters with EDS do not need them: the control plane removes endpoints that are not ready.",
			eachCluster(func(_ *examination, c *clusterv3.Cluster) string {
				return problemIf(len(c.GetHealthChecks()) == 0 && c.GetType() != clusterv3.Cluster_EDS && c.GetClusterType() == nil, "it has no health_checks")
			}),
		},
		{
			"crash-window", Warning,
			"several sidecars without outlier_detection of connections: after one crashes, its share of the calls fails until health checks notice",
			"Set outlier_detection in the cluster: split_external_local_origin_errors: true, consecutive_local_origin_failure: 1, enforcing_consecutive_local_origin_failure: 100, max_ejection_percent: 50, base_ejection_time: 5s.",
			eachCluster(func(e *examination, c *clusterv3.Cluster) string {
				o := c.GetOutlierDetection()
				detects := o != nil && (o.GetEnforcingConsecutiveLocalOriginFailure() == nil || o.GetEnforcingConsecutiveLocalOriginFailure().GetValue() > 0)
				return problemIf(len(e.endpoints[c.GetName()]) > 1 && !detects, fmt.Sprintf("it has %d endpoints and no outlier_detection", len(e.endpoints[c.GetName()])))
			}),
		},
		{
			"outlier-detection", Warning,
			"outlier_detection that may eject the only endpoint: after some errors, all calls fail until the endpoint returns",
			"Remove outlier_detection from the cluster, keep max_ejection_percent below 100, or run several sidecars.",
			eachCluster(func(e *examination, c *clusterv3.Cluster) string {
				o := c.GetOutlierDetection()
				all := o.GetMaxEjectionPercent().GetValue() >= 100 || o.GetAlwaysEjectOneHost().GetValue()
				return problemIf(all && len(e.endpoints[c.GetName()]) == 1, "it has one endpoint, which outlier_detection may eject")
			}),
		},
	}
}

// clusterNames returns the clusters that the filters call, sorted, each once.
func (e *examination) clusterNames() []string {
	var names []string
	for _, p := range e.extProcs {
		for _, s := range p.settings {
			if g := s.config.GetGrpcService().GetEnvoyGrpc(); g != nil {
				names = append(names, g.GetClusterName())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// eachCluster applies find to each known cluster that the filters call.
func eachCluster(find func(*examination, *clusterv3.Cluster) string) func(*examination) []observation {
	return func(e *examination) []observation {
		var found []observation
		for _, name := range e.clusterNames() {
			if c := e.clusters[name]; c != nil {
				if problem := find(e, c); problem != "" {
					found = append(found, observation{fmt.Sprintf("cluster %q", name), problem})
				}
			}
		}
		return found
	}
}

// breakers describes the limits that are at Envoy's default or lower; "" if there
// are none.
func breakers(c *clusterv3.Cluster) string {
	var limits clusterv3.CircuitBreakers_Thresholds
	for _, t := range c.GetCircuitBreakers().GetThresholds() {
		if t.GetPriority() == corev3.RoutingPriority_DEFAULT {
			limits.MaxRequests, limits.MaxConnections, limits.MaxPendingRequests = t.GetMaxRequests(), t.GetMaxConnections(), t.GetMaxPendingRequests()
			break
		}
	}
	var low []string
	for _, l := range []struct {
		name  string
		value *wrapperspb.UInt32Value
	}{
		{"max_requests", limits.GetMaxRequests()},
		{"max_connections", limits.GetMaxConnections()},
		{"max_pending_requests", limits.GetMaxPendingRequests()},
	} {
		switch {
		case l.value == nil:
			low = append(low, fmt.Sprintf("%s is not set (%d)", l.name, defaultLimit))
		case l.value.GetValue() <= defaultLimit:
			low = append(low, fmt.Sprintf("%s is %d", l.name, l.value.GetValue()))
		}
	}
	return strings.Join(low, ", ")
}

// pings describes HTTP/2 pings that are missing, too rare or too frequent; "" if they
// are right.
func pings(c *clusterv3.Cluster) string {
	if !usesHTTP2(c) {
		return ""
	}
	p := http2(c).GetConnectionKeepalive()
	interval, idle, timeout := p.GetInterval().AsDuration(), p.GetConnectionIdleInterval().AsDuration(), p.GetTimeout().AsDuration()
	switch {
	case interval == 0:
		return "connection_keepalive has no interval"
	case interval < shortestPing || idle > 0 && idle < shortestPing:
		return fmt.Sprintf("connection_keepalive.interval is %v", interval)
	case interval+timeout > longestHang:
		return fmt.Sprintf("connection_keepalive has interval %v and timeout %v", interval, timeout)
	}
	return ""
}

func plaintext(e *examination, c *clusterv3.Cluster) string {
	if c.GetTransportSocket() != nil || len(c.GetTransportSocketMatches()) > 0 {
		return ""
	}
	for _, a := range e.endpoints[c.GetName()] {
		host := a.GetSocketAddress().GetAddress()
		if ip := net.ParseIP(host); host != "" && host != "localhost" && !ip.IsLoopback() {
			return "it calls " + host + " without TLS"
		}
	}
	return ""
}

// protocols returns the cluster's HttpProtocolOptions, or nil.
func protocols(c *clusterv3.Cluster) *httpv3.HttpProtocolOptions {
	options, _ := unpack[httpv3.HttpProtocolOptions](c.GetTypedExtensionProtocolOptions()["envoy.extensions.upstreams.http.v3.HttpProtocolOptions"])
	return options
}

// http2 returns the cluster's HTTP/2 options, or nil.
func http2(c *clusterv3.Cluster) *corev3.Http2ProtocolOptions {
	p := protocols(c)
	for _, options := range []*corev3.Http2ProtocolOptions{
		p.GetExplicitHttpConfig().GetHttp2ProtocolOptions(),
		p.GetUseDownstreamProtocolConfig().GetHttp2ProtocolOptions(),
		p.GetAutoConfig().GetHttp2ProtocolOptions(),
		c.GetHttp2ProtocolOptions(), //nolint:staticcheck // deprecated, but old configurations use it
	} {
		if options != nil {
			return options
		}
	}
	return nil
}

func usesHTTP2(c *clusterv3.Cluster) bool {
	return http2(c) != nil || protocols(c).GetAutoConfig() != nil
}
