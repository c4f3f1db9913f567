package main

import (
	"fmt"
	"net/http"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
)

// balanced has two sidecars.
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

// routes selects the backend by the request's host: eu.llm.example and
// us.llm.example have a fixed backend, llm.example lets the client choose, and
// other hosts get 404.
func routes() (*bootstrapv3.Bootstrap, error) {
	b, err := envoy.Bootstrap(envoy.Config{})
	if err != nil {
		return nil, err
	}
	return b, editManager(b, func(m *hcmv3.HttpConnectionManager) error {
		// Match hosts with a port or a trailing dot, too.
		m.StripPortMode = &hcmv3.HttpConnectionManager_StripAnyHostPort{StripAnyHostPort: true}
		m.StripTrailingHostDot = true
		all := m.GetRouteConfig()
		open := all.GetVirtualHosts()[0]
		open.Domains = []string{"llm.example"}
		for _, region := range []string{"eu", "us"} {
			own := proto.CloneOf(open)
			own.Name, own.Domains = region, []string{region + ".llm.example"}
			if err := override(own, envoy.Backend("bedrock-"+region)); err != nil {
				return err
			}
			all.VirtualHosts = append(all.VirtualHosts, own)
		}
		others := proto.CloneOf(open)
		others.Name, others.Domains = "others", []string{"*"}
		others.GetRoutes()[0].Name = others.GetName()
		others.GetRoutes()[0].GetDirectResponse().Status = http.StatusNotFound
		others.GetRoutes()[0].TypedPerFilterConfig = nil // the filter stays disabled
		all.VirtualHosts = append(all.VirtualHosts, others)
		return nil
	})
}

func override(host *routev3.VirtualHost, config *extprocv3.ExtProcPerRoute) error {
	packed, err := anypb.New(config)
	if err != nil {
		return fmt.Errorf("virtual host %s: %w", host.GetName(), err)
	}
	host.TypedPerFilterConfig = map[string]*anypb.Any{envoy.FilterName: packed}
	return nil
}
