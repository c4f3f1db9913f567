package envoy

import (
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	overloadv3 "github.com/envoyproxy/go-control-plane/envoy/config/overload/v3"
	connectionsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/resource_monitors/downstream_connections/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// downstreamBuffer is the number of bytes buffered per client connection. It also
// limits the size of a body message to the sidecar.
const downstreamBuffer = 256 << 10

// Listener accepts client connections.
func Listener(cfg Config) (*listenerv3.Listener, error) {
	address, err := socketAddress(cfg.listen())
	if err != nil {
		return nil, err
	}
	manager, err := HTTPConnectionManager(cfg)
	if err != nil {
		return nil, err
	}
	config, err := pack(manager)
	if err != nil {
		return nil, err
	}
	listener := &listenerv3.Listener{
		Name:                          ListenerName,
		Address:                       address,
		PerConnectionBufferLimitBytes: wrapperspb.UInt32(downstreamBuffer),
		FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{{
			Name:       "envoy.filters.network.http_connection_manager",
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: config},
		}}}},
	}
	if cfg.SlowReaderTimeout > 0 {
		listener.PerConnectionBufferHighWatermarkTimeout = durationpb.New(cfg.SlowReaderTimeout)
	}
	return listener, nil
}

// Bootstrap is a complete configuration to start Envoy with.
func Bootstrap(cfg Config) (*bootstrapv3.Bootstrap, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	admin, err := socketAddress(cfg.admin())
	if err != nil {
		return nil, err
	}
	listener, err := Listener(cfg)
	if err != nil {
		return nil, err
	}
	cluster, err := Cluster(cfg)
	if err != nil {
		return nil, err
	}
	overload, err := overloadManager(cfg)
	if err != nil {
		return nil, err
	}
	return &bootstrapv3.Bootstrap{
		Node:            &corev3.Node{Id: ListenerName, Cluster: ListenerName},
		Admin:           &bootstrapv3.Admin{Address: admin},
		OverloadManager: overload,
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{
			Listeners: []*listenerv3.Listener{listener},
			Clusters:  []*clusterv3.Cluster{cluster},
		},
	}, nil
}

// overloadManager limits client connections. It sets no memory limit, which depends
// on the installation.
func overloadManager(cfg Config) (*overloadv3.OverloadManager, error) {
	config, err := pack(&connectionsv3.DownstreamConnectionsConfig{
		MaxActiveDownstreamConnections: int64(cfg.maxConnections()),
	})
	if err != nil {
		return nil, err
	}
	return &overloadv3.OverloadManager{ResourceMonitors: []*overloadv3.ResourceMonitor{{
		Name:       "envoy.resource_monitors.global_downstream_max_connections",
		ConfigType: &overloadv3.ResourceMonitor_TypedConfig{TypedConfig: config},
	}}}, nil
}
