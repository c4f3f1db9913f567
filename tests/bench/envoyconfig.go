package main

import (
	"errors"
	"strings"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"

	"bedrock-extproc/envoy"
)

// edit changes an Envoy's configuration.
type edit func(*bootstrapv3.Bootstrap) error

// editManager is an edit of the listener's HTTP connection manager.
func editManager(change func(*hcmv3.HttpConnectionManager) error) edit {
	return func(b *bootstrapv3.Bootstrap) error {
		config := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig()
		manager := &hcmv3.HttpConnectionManager{}
		if err := config.UnmarshalTo(manager); err != nil {
			return err
		}
		if err := change(manager); err != nil {
			return err
		}
		return config.MarshalFrom(manager)
	}
}

var errNoFilter = errors.New("the connection manager has no ext_proc filter")

// editFilter is an edit of the ext_proc filter.
func editFilter(change func(*extprocv3.ExternalProcessor)) edit {
	return editManager(func(m *hcmv3.HttpConnectionManager) error {
		for _, f := range m.GetHttpFilters() {
			if f.GetName() != envoy.FilterName {
				continue
			}
			filter := &extprocv3.ExternalProcessor{}
			if err := f.GetTypedConfig().UnmarshalTo(filter); err != nil {
				return err
			}
			change(filter)
			return f.GetTypedConfig().MarshalFrom(filter)
		}
		return errNoFilter
	})
}

// withoutFilter makes an Envoy a plain reverse proxy of the HTTP server at a Unix socket.
func withoutFilter(socket string) edit {
	return func(b *bootstrapv3.Bootstrap) error {
		b.StaticResources.Clusters = []*clusterv3.Cluster{upstream(strings.TrimPrefix(socket, "unix://"))}
		return editManager(func(m *hcmv3.HttpConnectionManager) error {
			m.HttpFilters = m.GetHttpFilters()[1:]
			route := m.GetRouteConfig().GetVirtualHosts()[0].GetRoutes()[0]
			route.TypedPerFilterConfig = nil
			route.Action = &routev3.Route_Route{Route: &routev3.RouteAction{
				ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "upstream"},
			}}
			return nil
		})(b)
	}
}

func upstream(socket string) *clusterv3.Cluster {
	address := &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: socket}}}
	return &clusterv3.Cluster{
		Name: "upstream",
		LoadAssignment: &endpointv3.ClusterLoadAssignment{ClusterName: "upstream", Endpoints: []*endpointv3.LocalityLbEndpoints{{
			LbEndpoints: []*endpointv3.LbEndpoint{{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{Address: address}}}},
		}}},
	}
}
