package envoy_test

import (
	"fmt"
	"slices"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
)

// show prints a message as YAML.
func show(m proto.Message) {
	text, err := envoy.YAML(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(text))
}

// Add the filter to your own chain: after all filters that may reject a request,
// and before the router.
func ExampleFilter() {
	chain := []*hcmv3.HttpFilter{
		{Name: "envoy.filters.http.jwt_authn"},
		{Name: "envoy.filters.http.rbac"},
		{Name: "envoy.filters.http.router"},
	}
	filter, err := envoy.Filter()
	if err != nil {
		fmt.Println(err)
		return
	}
	chain = slices.Insert(chain, len(chain)-1, filter)
	for _, f := range chain {
		fmt.Println(f.GetName())
	}
	// Output:
	// envoy.filters.http.jwt_authn
	// envoy.filters.http.rbac
	// envoy.filters.http.ext_proc
	// envoy.filters.http.router
}

// Forward further identity sources, such as another filter's metadata or another
// attribute. The sidecar's configuration refers to them under identity.
func ExampleExternalProcessor() {
	p := envoy.ExternalProcessor()
	forwarded := p.GetMetadataOptions().GetForwardingNamespaces()
	forwarded.Untyped = append(forwarded.Untyped, "envoy.filters.http.ext_authz")
	p.RequestAttributes = append(p.RequestAttributes, "connection.subject_peer_certificate")

	show(p.GetMetadataOptions())
	fmt.Println(p.GetRequestAttributes()[len(p.GetRequestAttributes())-1])
	// Output:
	// forwarding_namespaces:
	//   untyped:
	//   - envoy.filters.http.jwt_authn
	//   - envoy.filters.http.ext_authz
	// receiving_namespaces:
	//   untyped:
	//   - bedrock
	// connection.subject_peer_certificate
}

// A sidecar in the same pod listens on a Unix socket that both containers mount.
func ExampleCluster() {
	cluster, err := envoy.Cluster(envoy.Config{ExtProc: "unix:///run/bedrock-extproc/extproc.sock"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cluster.GetName(), cluster.GetType())
	show(cluster.GetLoadAssignment())
	// Output:
	// bedrock_extproc STATIC
	// cluster_name: bedrock_extproc
	// endpoints:
	// - lb_endpoints:
	//   - endpoint:
	//       address:
	//         pipe:
	//           path: /run/bedrock-extproc/extproc.sock
}

// Several sidecars are endpoints of the same cluster.
func ExampleCluster_two() {
	cluster, err := envoy.Cluster(envoy.Config{ExtProc: "10.0.0.1:9002"})
	if err != nil {
		fmt.Println(err)
		return
	}
	second := &endpointv3.LbEndpoint{HostIdentifier: &endpointv3.LbEndpoint_Endpoint{Endpoint: &endpointv3.Endpoint{
		Address: &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
			Address: "10.0.0.2", PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: 9002},
		}}},
	}}}
	locality := cluster.GetLoadAssignment().GetEndpoints()[0]
	locality.LbEndpoints = append(locality.LbEndpoints, second)
	show(locality)
	// Output:
	// lb_endpoints:
	// - endpoint:
	//     address:
	//       socket_address:
	//         address: 10.0.0.1
	//         port_value: 9002
	// - endpoint:
	//     address:
	//       socket_address:
	//         address: 10.0.0.2
	//         port_value: 9002
}

// Routes has one virtual host for all domains. Add your own hosts beside it.
func ExampleRoutes() {
	routes, err := envoy.Routes()
	if err != nil {
		fmt.Println(err)
		return
	}
	routes.VirtualHosts = append(routes.VirtualHosts, &routev3.VirtualHost{Name: "shop", Domains: []string{"shop.example"}})
	show(routes)
	// Output:
	// name: bedrock
	// virtual_hosts:
	// - domains:
	//   - '*'
	//   name: bedrock
	//   routes:
	//   - direct_response:
	//       status: 503
	//     match:
	//       prefix: /
	//     name: bedrock
	//     typed_per_filter_config:
	//       envoy.filters.http.ext_proc:
	//         '@type': type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute
	//         overrides: {}
	// - domains:
	//   - shop.example
	//   name: shop
}

// One host always uses the same backend. Clients cannot change it.
func ExampleBackend() {
	override, err := anypb.New(envoy.Backend("bedrock-eu"))
	if err != nil {
		fmt.Println(err)
		return
	}
	route, err := envoy.Route("/api/v1/llm/")
	if err != nil {
		fmt.Println(err)
		return
	}
	show(&routev3.VirtualHost{
		Name:                 "eu",
		Domains:              []string{"eu.llm.example"},
		Routes:               []*routev3.Route{route},
		TypedPerFilterConfig: map[string]*anypb.Any{envoy.FilterName: override},
	})
	// Output:
	// domains:
	// - eu.llm.example
	// name: eu
	// routes:
	// - direct_response:
	//     status: 503
	//   match:
	//     prefix: /api/v1/llm/
	//   name: bedrock
	//   typed_per_filter_config:
	//     envoy.filters.http.ext_proc:
	//       '@type': type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute
	//       overrides: {}
	// typed_per_filter_config:
	//   envoy.filters.http.ext_proc:
	//     '@type': type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute
	//     overrides:
	//       grpc_initial_metadata:
	//       - key: bedrock-backend
	//         value: bedrock-eu
}

// Disable the filter on a route to another service, in a virtual host that enables it.
func ExampleDisabled() {
	override, err := anypb.New(envoy.Disabled())
	if err != nil {
		fmt.Println(err)
		return
	}
	show(&routev3.Route{
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/shop/"}},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "shop"},
		}},
		TypedPerFilterConfig: map[string]*anypb.Any{envoy.FilterName: override},
	})
	// Output:
	// match:
	//   prefix: /shop/
	// route:
	//   cluster: shop
	// typed_per_filter_config:
	//   envoy.filters.http.ext_proc:
	//     '@type': type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute
	//     disabled: true
}
