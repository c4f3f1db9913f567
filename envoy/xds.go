package envoy

import (
	"fmt"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	"google.golang.org/protobuf/types/known/durationpb"
)

// XDSClusterName is the cluster of the xDS server in a bootstrap of XDSBootstrap.
const XDSClusterName = "xds"

// XDSBootstrap is a configuration that has its listener and its clusters from the
// xDS server at that address, host:port or unix:///path, by one aggregated stream.
// Until the server has answered Envoy takes no clients.
func XDSBootstrap(cfg Config, server string) (*bootstrapv3.Bootstrap, error) {
	b, err := Bootstrap(cfg)
	if err != nil {
		return nil, err
	}
	cluster, err := xdsCluster(server)
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

func xdsCluster(server string) (*clusterv3.Cluster, error) {
	address, discovery, err := extProcAddress(server)
	if err != nil {
		return nil, err
	}
	http2, err := http2Options()
	if err != nil {
		return nil, err
	}
	return &clusterv3.Cluster{
		Name:                          XDSClusterName,
		ClusterDiscoveryType:          &clusterv3.Cluster_Type{Type: discovery},
		ConnectTimeout:                durationpb.New(time.Second),
		TypedExtensionProtocolOptions: http2,
		LoadAssignment: &endpointv3.ClusterLoadAssignment{
			ClusterName: XDSClusterName,
			Endpoints: []*endpointv3.LocalityLbEndpoints{{
				LbEndpoints: []*endpointv3.LbEndpoint{{
					HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: address}},
				}},
			}},
		},
	}, nil
}
