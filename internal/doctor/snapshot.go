package doctor

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
)

// A Snapshot holds the configuration of one Envoy and the AWS environment.
type Snapshot struct {
	// Version is Envoy's version, such as "1.40.0"; "" if unknown.
	Version string
	// Stats are Envoy's counters and gauges; nil for a saved dump.
	Stats map[string]uint64
	// AWS is nil if the AWS environment was not read.
	AWS *AWS

	managers   []manager
	clusters   map[string]*clusterv3.Cluster
	endpoints  map[string][]*corev3.Address // by cluster, if known
	routes     map[string]*routev3.RouteConfiguration
	extensions map[string]*corev3.TypedExtensionConfig // delivered by ECDS
	rejected   []observation
	warming    []string
}

// A manager is an HTTP connection manager in its filter chain.
type manager struct {
	where      string
	config     *hcmv3.HttpConnectionManager
	bufferSize uint32 // the listener's per_connection_buffer_limit_bytes
}

func newSnapshot() *Snapshot {
	return &Snapshot{
		clusters:   map[string]*clusterv3.Cluster{},
		endpoints:  map[string][]*corev3.Address{},
		routes:     map[string]*routev3.RouteConfiguration{},
		extensions: map[string]*corev3.TypedExtensionConfig{},
	}
}
