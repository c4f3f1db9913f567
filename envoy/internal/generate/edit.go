package main

import (
	"fmt"
	"slices"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
)

// editManager changes the HTTP connection manager of a configuration.
func editManager(b *bootstrapv3.Bootstrap, edit func(*hcmv3.HttpConnectionManager) error) error {
	config := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig()
	var manager hcmv3.HttpConnectionManager
	if err := config.UnmarshalTo(&manager); err != nil {
		return err
	}
	if err := edit(&manager); err != nil {
		return err
	}
	return config.MarshalFrom(&manager)
}

// insert adds filters before ext_proc, in order.
func insert(m *hcmv3.HttpConnectionManager, filters ...*hcmv3.HttpFilter) {
	at := slices.IndexFunc(m.HttpFilters, func(f *hcmv3.HttpFilter) bool { return f.GetName() == envoy.FilterName })
	m.HttpFilters = slices.Insert(m.HttpFilters, at, filters...)
}

func filter(name string, config proto.Message) (*hcmv3.HttpFilter, error) {
	packed, err := anypb.New(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &hcmv3.HttpFilter{Name: name, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed}}, nil
}

const fallbackCluster = "no_endpoints"

// emptyCluster is the fallback route's cluster, for filters that ignore requests whose
// route has no cluster: cors and ratelimit. It has no endpoints, so it answers 503
// like a direct response.
func emptyCluster() *clusterv3.Cluster {
	return &clusterv3.Cluster{
		Name:                 fallbackCluster,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
		LoadAssignment:       &endpointv3.ClusterLoadAssignment{ClusterName: fallbackCluster},
	}
}

// toEmptyCluster is the fallback route's action.
func toEmptyCluster() *routev3.Route_Route {
	return &routev3.Route_Route{Route: &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: fallbackCluster},
	}}
}
