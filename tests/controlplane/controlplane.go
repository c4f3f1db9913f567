// Package controlplane builds the listener of a company's own control plane from package
// envoy, as another module does: it requires bedrock-extproc through a replace, and sees
// nothing but what that package exports.
package controlplane

import (
	"slices"

	"bedrock-extproc/envoy"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// Bootstrap is an Envoy with a listener that the company has for another service, to which
// it adds model calls: the filter before its router, the route before its routes, and the
// cluster.
func Bootstrap(extProc string) (*bootstrapv3.Bootstrap, error) {
	cluster, err := envoy.Cluster(envoy.Config{ExtProc: extProc})
	if err != nil {
		return nil, err
	}
	listener, err := listener()
	if err != nil {
		return nil, err
	}
	return &bootstrapv3.Bootstrap{StaticResources: &bootstrapv3.Bootstrap_StaticResources{
		Listeners: []*listenerv3.Listener{listener},
		Clusters:  []*clusterv3.Cluster{cluster},
	}}, nil
}

func listener() (*listenerv3.Listener, error) {
	filter, err := envoy.Filter()
	if err != nil {
		return nil, err
	}
	calls, err := envoy.Route("/v1/")
	if err != nil {
		return nil, err
	}
	own, err := shop()
	if err != nil {
		return nil, err
	}
	own.HttpFilters = slices.Insert(own.HttpFilters, len(own.HttpFilters)-1, filter)
	if own.LocalReplyConfig, err = envoy.LocalReplies(); err != nil {
		return nil, err
	}
	host := own.GetRouteConfig().GetVirtualHosts()[0]
	host.Routes = slices.Insert(host.Routes, 0, calls)
	typed, err := anypb.New(own)
	if err != nil {
		return nil, err
	}
	return &listenerv3.Listener{
		Name: envoy.ListenerName,
		Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
			Address: "127.0.0.1", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: 0},
		}}},
		FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{{
			Name: "envoy.filters.network.http_connection_manager", ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: typed},
		}}}},
	}, nil
}

// shop is what the listener had before.
func shop() (*hcmv3.HttpConnectionManager, error) {
	router, err := anypb.New(&routerv3.Router{})
	if err != nil {
		return nil, err
	}
	return &hcmv3.HttpConnectionManager{
		StatPrefix: "public",
		HttpFilters: []*hcmv3.HttpFilter{{
			Name: "envoy.filters.http.router", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: router},
		}},
		RouteSpecifier: &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: &routev3.RouteConfiguration{
			VirtualHosts: []*routev3.VirtualHost{{Name: "shop", Domains: []string{"*"}, Routes: []*routev3.Route{{
				Match:  &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/shop/"}},
				Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{Status: 200}},
			}}}},
		}},
	}, nil
}
