package doctor

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func brokenClusters() []broken {
	one := func(id, problem string, change func(*site)) broken {
		return broken{id + " " + problem, func(_ *testing.T, s *site) { change(s) }, []string{id + ": " + clusterWhere + ": " + problem}}
	}
	eds := func(_ *testing.T, s *site) {
		s.cluster.HealthChecks = nil
		s.cluster.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_EDS}
	}
	return []broken{
		one("cluster-missing", "there is no such cluster", func(s *site) { s.cluster = nil }),
		one("circuit-breakers", "max_requests is not set (1024), max_connections is not set (1024), max_pending_requests is not set (1024)",
			func(s *site) { s.cluster.CircuitBreakers = nil }),
		one("circuit-breakers", "max_requests is 1024", func(s *site) {
			s.cluster.CircuitBreakers.Thresholds[0].MaxRequests = wrapperspb.UInt32(1024)
		}),
		one("circuit-breakers", "max_requests is not set (1024), max_connections is not set (1024), max_pending_requests is not set (1024)", func(s *site) {
			s.cluster.CircuitBreakers.Thresholds[0].Priority = corev3.RoutingPriority_HIGH
		}),
		one("http2", "it does not use HTTP/2", func(s *site) { s.http.UpstreamProtocolOptions = nil }),
		one("http2", "it does not use HTTP/2", func(s *site) {
			s.http.GetExplicitHttpConfig().ProtocolConfig = &httpv3.HttpProtocolOptions_ExplicitHttpConfig_HttpProtocolOptions{}
		}),
		one("cluster-stream-duration", "max_stream_duration is 1m0s, and an answer may take 5m0s", func(s *site) {
			s.http.CommonHttpProtocolOptions = &corev3.HttpProtocolOptions{MaxStreamDuration: durationpb.New(time.Minute)}
		}),
		one("cluster-plaintext", "it calls 10.0.0.7 without TLS", func(s *site) { s.at("10.0.0.7") }),
		one("cluster-plaintext", "it calls llm.example.com without TLS", func(s *site) { s.at("llm.example.com") }),
		{"localhost", func(_ *testing.T, s *site) { s.at("localhost") }, []string{}},
		{"another loopback address", func(_ *testing.T, s *site) { s.at("::1") }, []string{}},
		{"TLS", func(_ *testing.T, s *site) {
			s.at("10.0.0.7")
			s.cluster.TransportSocket = &corev3.TransportSocket{Name: "envoy.transport_sockets.tls"}
		}, []string{}},
		one("connect-timeout", "connect_timeout is 30s", func(s *site) { s.cluster.ConnectTimeout = durationpb.New(30 * time.Second) }),
		one("keepalive", "connection_keepalive.interval is 1s", func(s *site) {
			s.http.GetExplicitHttpConfig().GetHttp2ProtocolOptions().GetConnectionKeepalive().Interval = durationpb.New(time.Second)
		}),
		one("keepalive", "connection_keepalive has no interval", func(s *site) {
			s.http.GetExplicitHttpConfig().GetHttp2ProtocolOptions().ConnectionKeepalive = nil
		}),
		one("keepalive", "connection_keepalive has interval 30s and timeout 5s", func(s *site) {
			s.http.GetExplicitHttpConfig().GetHttp2ProtocolOptions().GetConnectionKeepalive().Interval = durationpb.New(30 * time.Second)
		}),
		one("crash-window", "it has 2 endpoints and no outlier_detection", func(s *site) {
			s.cluster.OutlierDetection = nil
			s.addEndpoint()
		}),
		one("crash-window", "it has 2 endpoints and no outlier_detection", func(s *site) {
			s.cluster.OutlierDetection.EnforcingConsecutiveLocalOriginFailure = wrapperspb.UInt32(0)
			s.addEndpoint()
		}),
		one("health-check", "it has no health_checks", func(s *site) { s.cluster.HealthChecks = nil }),
		{"EDS without health checks", eds, []string{}},
		one("outlier-detection", "it has one endpoint, which outlier_detection may eject", func(s *site) {
			s.cluster.OutlierDetection = &clusterv3.OutlierDetection{MaxEjectionPercent: wrapperspb.UInt32(100)}
		}),
		one("outlier-detection", "it has one endpoint, which outlier_detection may eject", func(s *site) {
			s.cluster.OutlierDetection = &clusterv3.OutlierDetection{AlwaysEjectOneHost: wrapperspb.Bool(true)}
		}),
		{"outlier detection with Envoy's defaults", func(_ *testing.T, s *site) {
			s.cluster.OutlierDetection = &clusterv3.OutlierDetection{}
		}, []string{}},
		{"outlier detection among two", func(_ *testing.T, s *site) {
			s.cluster.OutlierDetection = &clusterv3.OutlierDetection{MaxEjectionPercent: wrapperspb.UInt32(100)}
			s.addEndpoint()
		}, []string{}},
	}
}

// at sets the sidecar's address.
func (s *site) at(host string) {
	s.cluster.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().GetAddress().GetSocketAddress().Address = host
}

// addEndpoint adds a second sidecar.
func (s *site) addEndpoint() {
	locality := s.cluster.GetLoadAssignment().GetEndpoints()[0]
	locality.LbEndpoints = append(locality.LbEndpoints, locality.LbEndpoints[0])
}

// brokenRuns are good configurations with failures at run time.
func brokenRuns() []broken {
	stats := func(name string, value uint64) func(*testing.T, *site) {
		return func(_ *testing.T, s *site) {
			s.stats = map[string]uint64{"cluster.bedrock_extproc.membership_healthy": 1, "cluster.bedrock_extproc.membership_total": 1}
			s.stats[name] = value
		}
	}
	aws := func(a account) func(*testing.T, *site) {
		return func(_ *testing.T, s *site) { s.aws = &AWS{accounts: []account{a}} }
	}
	const filterStats = "http.bedrock.ext_proc.bedrock."
	return []broken{
		{"rejected", func(_ *testing.T, s *site) { s.rejected = "no such cluster\n" }, []string{
			`configuration-refused: listener "rejected": Envoy rejected an update: no such cluster`,
		}},
		{"warming", func(_ *testing.T, s *site) { s.warming = true }, []string{
			`listener-warming: listener "next": it is warming; only the previous version was checked, if there is one`,
		}},
		{"good stats", stats(filterStats+"streams_started", 9), []string{}},
		{"nothing spurious", stats(filterStats+"spurious_msgs_received", 0), []string{}},
		{"unhealthy in a mesh", func(_ *testing.T, s *site) {
			s.cluster.Name = "outbound|9002||llm"
			s.config.GetGrpcService().GetEnvoyGrpc().ClusterName = s.cluster.GetName()
			s.cluster.AltStatName = "outbound|9002||llm;a:b"
			s.stats = map[string]uint64{"cluster.outbound|9002||llm;a_b.membership_healthy": 0}
		}, []string{`sidecar-unhealthy: cluster "outbound|9002||llm": 0 of 0 endpoints are healthy (127.0.0.1:9002)`}},
		{"no stats of the cluster", func(_ *testing.T, s *site) { s.stats = map[string]uint64{} }, []string{}},
		{"unhealthy", stats("cluster.bedrock_extproc.membership_healthy", 0), []string{"sidecar-unhealthy: " + clusterWhere + ": 0 of 1 endpoints are healthy (127.0.0.1:9002)"}},
		{"unreachable", func(_ *testing.T, s *site) {
			s.stats = map[string]uint64{"cluster.bedrock_extproc.upstream_cx_connect_fail": 3, "cluster.bedrock_extproc.upstream_cx_total": 3}
		}, []string{"sidecar-unreachable: " + clusterWhere + ": all 3 connections have failed (127.0.0.1:9002)"}},
		{"reached once", func(_ *testing.T, s *site) {
			s.stats = map[string]uint64{"cluster.bedrock_extproc.upstream_cx_connect_fail": 3, "cluster.bedrock_extproc.upstream_cx_total": 4}
		}, []string{}},
		{"another server", func(_ *testing.T, s *site) {
			s.stats = map[string]uint64{
				"cluster.bedrock_extproc.upstream_cx_total": 3, filterStats + "streams_started": 3, filterStats + "streams_failed": 3,
			}
		}, []string{"sidecar-fails: " + filterWhere + `: all 3 calls to cluster "bedrock_extproc" have failed (127.0.0.1:9002)`}},
		{"a call that failed", func(_ *testing.T, s *site) {
			s.stats = map[string]uint64{
				"cluster.bedrock_extproc.upstream_cx_total": 3, filterStats + "streams_started": 3, filterStats + "streams_failed": 2,
			}
		}, []string{}},
		{"overflow", stats("cluster.bedrock_extproc.upstream_rq_pending_overflow", 3), []string{"calls-refused: " + clusterWhere + ": circuit breakers have rejected 3 calls"}},
		{"overflow since 1.38", stats("cluster.bedrock_extproc.upstream_rq_active_overflow", 3), []string{"calls-refused: " + clusterWhere + ": circuit breakers have rejected 3 calls"}},
		{"spurious", stats(filterStats+"spurious_msgs_received", 2), []string{"calls-failed: Envoy: http.bedrock.ext_proc.bedrock.spurious_msgs_received is 2"}},
		{"AWS", aws(account{region: "eu-west-1", source: "somewhere"}), []string{}},
		{"no region", aws(account{source: "somewhere"}), []string{"aws-region: AWS: no region is set"}},
		{"no credentials", aws(account{region: "eu-west-1", err: errors.New("none")}), []string{"aws-credentials: AWS: no credentials: none"}},
		{
			"no credentials in time", aws(account{Account: Account{Profile: "p"}, region: "eu-west-1", err: fmt.Errorf("wait: %w", context.DeadlineExceeded)}),
			[]string{`aws-credentials: AWS, profile "p": no credentials: none found within 5s`},
		},
	}
}
