package main

import (
	"fmt"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
)

// balanced is a configuration with two sidecars.
func balanced() (*bootstrapv3.Bootstrap, error) {
	b, err := envoy.Bootstrap(envoy.Config{})
	if err != nil {
		return nil, err
	}
	endpoints := b.GetStaticResources().GetClusters()[0].GetLoadAssignment().GetEndpoints()[0]
	second := proto.CloneOf(endpoints.GetLbEndpoints()[0])
	second.GetEndpoint().GetAddress().GetSocketAddress().PortSpecifier = &corev3.SocketAddress_PortValue{PortValue: 9012}
	endpoints.LbEndpoints = append(endpoints.LbEndpoints, second)
	return b, nil
}

// routes is a configuration in which the host of a request decides about the
// backend: the one with a region's name about that region's, any other leaves it
// to the client.
func routes() (*bootstrapv3.Bootstrap, error) {
	b, err := envoy.Bootstrap(envoy.Config{})
	if err != nil {
		return nil, err
	}
	return b, editManager(b, func(m *hcmv3.HttpConnectionManager) error {
		all := m.GetRouteConfig()
		for _, region := range []string{"eu", "us"} {
			own := proto.CloneOf(all.GetVirtualHosts()[0])
			own.Name, own.Domains = region, []string{region + ".llm.example"}
			config, err := anypb.New(envoy.Backend("bedrock-" + region))
			if err != nil {
				return fmt.Errorf("route %s: %w", region, err)
			}
			own.TypedPerFilterConfig = map[string]*anypb.Any{envoy.FilterName: config}
			all.VirtualHosts = append(all.VirtualHosts, own)
		}
		return nil
	})
}
