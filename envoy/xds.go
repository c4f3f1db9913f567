package envoy

import (
	"fmt"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
)

// XDSClusterName is the name of the xDS server's cluster in XDSBootstrap.
const XDSClusterName = "xds"

// XDSBootstrap is a bootstrap that gets its listener and clusters over one
// aggregated stream from the xDS server at host:port or unix:///path. Envoy accepts
// no clients until the server has answered.
func XDSBootstrap(cfg Config, server string) (*bootstrapv3.Bootstrap, error) {
	b, err := Bootstrap(cfg)
	if err != nil {
		return nil, err
	}
	cluster, err := grpcCluster(XDSClusterName, server)
	if err != nil {
		return nil, fmt.Errorf("xds: %w", err)
	}
	aggregated := &corev3.ConfigSource{
		ResourceApiVersion:    corev3.ApiVersion_V3,
		ConfigSourceSpecifier: &corev3.ConfigSource_Ads{Ads: &corev3.AggregatedConfigSource{}},
	}
	b.StaticResources = &bootstrapv3.Bootstrap_StaticResources{Clusters: []*clusterv3.Cluster{cluster}}
	b.DynamicResources = &bootstrapv3.Bootstrap_DynamicResources{
		LdsConfig: aggregated,
		CdsConfig: aggregated,
		AdsConfig: &corev3.ApiConfigSource{
			ApiType:             corev3.ApiConfigSource_GRPC,
			TransportApiVersion: corev3.ApiVersion_V3,
			GrpcServices: []*corev3.GrpcService{{
				TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: XDSClusterName}},
			}},
		},
	}
	return b, nil
}
