package envoy

import (
	"fmt"
	"net"
	"strings"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	// maxCalls replaces Envoy's default of 1024, because every answer in progress is
	// one request of the cluster. The sidecar has its own limit, with a clear error.
	maxCalls = 100_000
	// upstreamBuffer is the number of bytes buffered per connection to the sidecar.
	upstreamBuffer = 1 << 20
)

// Cluster is the sidecar's cluster: HTTP/2 without TLS over a Unix socket or TCP.
func Cluster(cfg Config) (*clusterv3.Cluster, error) {
	c, err := grpcCluster(ClusterName, cfg.extProc())
	if err != nil {
		return nil, err
	}
	if c.TypedExtensionProtocolOptions, err = http2Options(pingInterval); err != nil {
		return nil, err
	}
	c.PerConnectionBufferLimitBytes = wrapperspb.UInt32(upstreamBuffer)
	c.LbPolicy = clusterv3.Cluster_LEAST_REQUEST
	// By default a draining sidecar still gets calls for a second after its health
	// check has failed.
	c.CommonLbConfig = &clusterv3.Cluster_CommonLbConfig{UpdateMergeWindow: durationpb.New(0)}
	c.CircuitBreakers = circuitBreakers()
	c.HealthChecks = []*corev3.HealthCheck{healthCheck()}
	c.OutlierDetection = outlierDetection()
	return c, nil
}

// grpcCluster is the cluster of a gRPC server at host:port or unix:///path.
func grpcCluster(name, server string) (*clusterv3.Cluster, error) {
	address, discovery, err := grpcAddress(server)
	if err != nil {
		return nil, err
	}
	http2, err := http2Options(30 * time.Second)
	if err != nil {
		return nil, err
	}
	return &clusterv3.Cluster{
		Name:                          name,
		ClusterDiscoveryType:          &clusterv3.Cluster_Type{Type: discovery},
		ConnectTimeout:                durationpb.New(time.Second),
		TypedExtensionProtocolOptions: http2,
		LoadAssignment: &endpointv3.ClusterLoadAssignment{
			ClusterName: name,
			Endpoints: []*endpointv3.LocalityLbEndpoints{{
				LbEndpoints: []*endpointv3.LbEndpoint{{
					HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: address}},
				}},
			}},
		},
	}, nil
}

// grpcAddress parses unix:///path or host:port and chooses the discovery type.
func grpcAddress(text string) (*corev3.Address, clusterv3.Cluster_DiscoveryType, error) {
	if path, ok := strings.CutPrefix(text, "unix://"); ok {
		if !strings.HasPrefix(path, "/") {
			return nil, 0, fmt.Errorf("%q is not unix:///path", text)
		}
		pipe := &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: path}}}
		return pipe, clusterv3.Cluster_STATIC, nil
	}
	address, err := socketAddress(text)
	if err != nil {
		return nil, 0, err
	}
	if net.ParseIP(address.GetSocketAddress().GetAddress()) == nil {
		return address, clusterv3.Cluster_STRICT_DNS, nil
	}
	return address, clusterv3.Cluster_STATIC, nil
}

// pingInterval and pingTimeout are the keep-alive of connections to the sidecar: calls to
// a process that hangs end with 503 after the sum of the two. The sidecar allows a ping
// every two seconds.
const (
	pingInterval = 5 * time.Second
	pingTimeout  = 5 * time.Second
)

// http2Options enable HTTP/2 with pings that detect dead connections and servers that
// hang.
func http2Options(interval time.Duration) (map[string]*anypb.Any, error) {
	options, err := pack(&httpv3.HttpProtocolOptions{
		UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{
			ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
				ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{
					Http2ProtocolOptions: &corev3.Http2ProtocolOptions{
						ConnectionKeepalive: &corev3.KeepaliveSettings{
							Interval: durationpb.New(interval),
							Timeout:  durationpb.New(pingTimeout),
						},
					},
				},
			},
		},
	})
	if err != nil {
		return nil, err
	}
	return map[string]*anypb.Any{"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options}, nil
}

func circuitBreakers() *clusterv3.CircuitBreakers {
	return &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
		MaxConnections:     wrapperspb.UInt32(maxCalls),
		MaxPendingRequests: wrapperspb.UInt32(maxCalls),
		MaxRequests:        wrapperspb.UInt32(maxCalls),
		TrackRemaining:     true,
	}}}
}

// healthCheck uses the sidecar's gRPC health service, which turns unhealthy when
// the sidecar drains. If more than half of the sidecars are unhealthy, Envoy calls
// them anyway (panic mode); a draining sidecar still answers.
func healthCheck() *corev3.HealthCheck {
	return &corev3.HealthCheck{
		Timeout:            durationpb.New(2 * time.Second),
		Interval:           durationpb.New(time.Second),
		NoTrafficInterval:  durationpb.New(time.Second),
		UnhealthyThreshold: wrapperspb.UInt32(2),
		HealthyThreshold:   wrapperspb.UInt32(1),
		HealthChecker:      &corev3.HealthCheck_GrpcHealthCheck_{GrpcHealthCheck: &corev3.HealthCheck_GrpcHealthCheck{}},
	}
}

// outlierDetection ejects a sidecar at its first failed connection, until a health check
// succeeds or the time is over. It never ejects more than half of the sidecars, and
// never the only one. Errors that a sidecar returns do not count.
func outlierDetection() *clusterv3.OutlierDetection {
	return &clusterv3.OutlierDetection{
		SplitExternalLocalOriginErrors:         true,
		ConsecutiveLocalOriginFailure:          wrapperspb.UInt32(1),
		EnforcingConsecutiveLocalOriginFailure: wrapperspb.UInt32(100),
		EnforcingLocalOriginSuccessRate:        wrapperspb.UInt32(0),
		EnforcingConsecutive_5Xx:               wrapperspb.UInt32(0),
		EnforcingConsecutiveGatewayFailure:     wrapperspb.UInt32(0),
		EnforcingSuccessRate:                   wrapperspb.UInt32(0),
		MaxEjectionPercent:                     wrapperspb.UInt32(50),
		BaseEjectionTime:                       durationpb.New(5 * time.Second),
		Interval:                               durationpb.New(time.Second),
	}
}
