package istio

import (
	"slices"
	"testing"

	"bedrock-extproc/envoy"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"istio.io/istio/pilot/pkg/features"
	"istio.io/istio/pkg/test"
)

const (
	gatewayListener = "0.0.0.0_443"
	gatewayRoutes   = "https.443.https-llm.llm.istio-ingress"
	inboundCluster  = "inbound|9002||"
	gatewayCluster  = "outbound|9002||bedrock-extproc.bedrock.svc.cluster.local"
)

// target is a proxy with the filter.
type target struct {
	manager *hcmv3.HttpConnectionManager
	routes  *routev3.RouteConfiguration
	cluster *clusterv3.Cluster
}

// TestSettings compares the generated configuration with package envoy's.
func TestSettings(t *testing.T) {
	e := load(t, "gateway")
	plane := startPilot(t, e)
	g := plane.gateway()
	pod := plane.sidecar(e)
	gateway := target{gatewayManager(t, g, "llm.example.com"), named(t, g.routes, gatewayRoutes), named(t, g.clusters, gatewayCluster)}
	e = load(t, "sidecar")
	s := startPilot(t, e).sidecar(e)
	sidecar := target{manager: sidecarManager(t, s), cluster: named(t, s.clusters, envoy.ClusterName)}
	sidecar.routes = sidecar.manager.GetRouteConfig()

	t.Run("order", func(t *testing.T) { testOrder(t, gateway, sidecar) })
	t.Run("filter", func(t *testing.T) { testFilter(t, gateway, sidecar) })
	t.Run("manager", func(t *testing.T) { testManager(t, gateway.manager, sidecar.manager) })
	t.Run("route behind", func(t *testing.T) { testFallbackRoute(t, gateway, sidecar) })
	t.Run("cluster", func(t *testing.T) { testCluster(t, gateway.cluster, sidecar.cluster) })
	t.Run("loopback", func(t *testing.T) { testLoopback(t, named(t, pod.clusters, inboundCluster)) })
	t.Run("buffer", func(t *testing.T) { testBuffer(t, named(t, g.listeners, gatewayListener)) })
	t.Run("claims", func(t *testing.T) { testClaims(t, gateway.manager) })
}

// gatewayManager returns the connection manager of a host.
func gatewayManager(t *testing.T, g generated, host string) *hcmv3.HttpConnectionManager {
	t.Helper()
	l := named(t, g.listeners, gatewayListener)
	at := slices.IndexFunc(l.GetFilterChains(), func(c *listenerv3.FilterChain) bool {
		return slices.Contains(c.GetFilterChainMatch().GetServerNames(), host)
	})
	if at < 0 {
		t.Fatalf("no filter chain for %s", host)
	}
	return manager(t, l.GetFilterChains()[at])
}

// sidecarManager returns the connection manager of the workload's port 8080.
func sidecarManager(t *testing.T, g generated) *hcmv3.HttpConnectionManager {
	t.Helper()
	var found []*hcmv3.HttpConnectionManager
	for _, c := range named(t, g.listeners, "virtualInbound").GetFilterChains() {
		if c.GetFilterChainMatch().GetDestinationPort().GetValue() == 8080 {
			found = append(found, manager(t, c))
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d filter chains for port 8080; with mTLS required there is one", len(found))
	}
	return found[0]
}

// order returns the names of the relevant filters, in order.
func order(m *hcmv3.HttpConnectionManager) []string {
	var names []string
	for _, f := range m.GetHttpFilters() {
		switch f.GetName() {
		case "envoy.filters.http.jwt_authn", "envoy.filters.http.rbac", "envoy.filters.http.local_ratelimit",
			"envoy.filters.http.ext_proc", "envoy.filters.http.router":
			names = append(names, f.GetName())
		}
	}
	return names
}

func testOrder(t *testing.T, gateway, sidecar target) {
	if diff := cmp.Diff([]string{
		"envoy.filters.http.jwt_authn", "envoy.filters.http.rbac", "envoy.filters.http.ext_proc", "envoy.filters.http.router",
	}, order(gateway.manager)); diff != "" {
		t.Errorf("gateway (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"envoy.filters.http.rbac", "envoy.filters.http.ext_proc", "envoy.filters.http.router",
	}, order(sidecar.manager)); diff != "" {
		t.Errorf("sidecar (-want +got):\n%s", diff)
	}
}

// testFilter compares the filters. The gateway's is disabled, because a route enables
// it.
func testFilter(t *testing.T, gateway, sidecar target) {
	want := envoy.ExternalProcessor()
	compareFilter(t, "sidecar", sidecar.manager, want, false)
	want.GetGrpcService().TargetSpecifier = &corev3.GrpcService_EnvoyGrpc_{EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{
		ClusterName: gatewayCluster, Authority: "bedrock-extproc.bedrock.svc.cluster.local",
	}}
	compareFilter(t, "gateway", gateway.manager, want, true)
}

func compareFilter(t *testing.T, name string, m *hcmv3.HttpConnectionManager, want *extprocv3.ExternalProcessor, disabled bool) {
	t.Helper()
	filter := named(t, m.GetHttpFilters(), envoy.FilterName)
	got := new(extprocv3.ExternalProcessor)
	unpack(t, filter.GetTypedConfig(), got)
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("%s (-envoy +istio):\n%s", name, diff)
	}
	if filter.GetDisabled() != disabled {
		t.Errorf("%s: disabled is %v", name, filter.GetDisabled())
	}
}

// istios are the fields of a connection manager that Istio sets.
var istios = []protoreflect.Name{
	"stat_prefix", "http_filters", "route_config", "rds", "use_remote_address", "tracing", "upgrade_configs",
	"forward_client_cert_details", "set_current_client_cert_details", "proxy_100_continue", "server_name",
	"request_id_extension", "request_timeout",
}

// testManager compares timeouts, path normalization, access log and local replies.
func testManager(t *testing.T, gateway, sidecar *hcmv3.HttpConnectionManager) {
	want, err := envoy.HTTPConnectionManager(envoy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]*hcmv3.HttpConnectionManager{"gateway": gateway, "sidecar": sidecar} {
		if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(want, istios...)); diff != "" {
			t.Errorf("%s (-envoy +istio):\n%s", name, diff)
		}
		if limit := got.GetRequestTimeout().AsDuration(); limit != 0 {
			t.Errorf("%s: request timeout %v", name, limit)
		}
	}
}

// testFallbackRoute checks that requests that bypass the filter get 503.
func testFallbackRoute(t *testing.T, gateway, sidecar target) {
	for name, p := range map[string]target{"gateway": gateway, "sidecar": sidecar} {
		hosts := p.routes.GetVirtualHosts()
		if len(hosts) != 1 || len(hosts[0].GetRoutes()) != 1 {
			t.Fatalf("%s: not one route for everything: %v", name, hosts)
		}
		route := hosts[0].GetRoutes()[0]
		if route.GetDirectResponse().GetStatus() != 503 || route.GetMatch().GetPrefix() != "/" || route.GetName() != "bedrock" {
			t.Errorf("%s: %v", name, route)
		}
		if on := route.GetTypedPerFilterConfig()[envoy.FilterName] != nil; on != (name == "gateway") {
			t.Errorf("%s: the route enables the filter: %v", name, on)
		}
	}
}

// testCluster compares the clusters. The gateway's gets endpoints and health from
// Kubernetes and uses the mesh's mTLS.
func testCluster(t *testing.T, gateway, sidecar *clusterv3.Cluster) {
	want, err := envoy.Cluster(envoy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, sidecar, protocmp.Transform()); diff != "" {
		t.Errorf("sidecar (-envoy +istio):\n%s", diff)
	}
	if diff := cmp.Diff(essence(want), essence(gateway), protocmp.Transform()); diff != "" {
		t.Errorf("gateway (-envoy +istio):\n%s", diff)
	}
	if !gateway.GetTransportSocket().GetTypedConfig().MessageIs(new(tlsv3.UpstreamTlsContext)) {
		t.Errorf("the gateway calls without mTLS: %v", gateway.GetTransportSocket())
	}
}

// testLoopback checks that istio-proxy forwards to loopback, where bedrock-extproc
// listens.
func testLoopback(t *testing.T, c *clusterv3.Cluster) {
	for _, endpoints := range c.GetLoadAssignment().GetEndpoints() {
		for _, e := range endpoints.GetLbEndpoints() {
			to := e.GetEndpoint().GetAddress().GetSocketAddress()
			if to.GetAddress() == "127.0.0.1" && to.GetPortValue() == 9002 {
				return
			}
		}
	}
	t.Errorf("calls do not go to 127.0.0.1:9002: %v", c)
}

// essence returns the fields that both clusters must share.
func essence(c *clusterv3.Cluster) *clusterv3.Cluster {
	limits := c.GetCircuitBreakers().GetThresholds()[0]
	return &clusterv3.Cluster{
		ConnectTimeout: c.GetConnectTimeout(), LbPolicy: c.GetLbPolicy(),
		PerConnectionBufferLimitBytes: c.GetPerConnectionBufferLimitBytes(),
		TypedExtensionProtocolOptions: c.GetTypedExtensionProtocolOptions(),
		CircuitBreakers: &clusterv3.CircuitBreakers{Thresholds: []*clusterv3.CircuitBreakers_Thresholds{{
			MaxConnections: limits.GetMaxConnections(), MaxPendingRequests: limits.GetMaxPendingRequests(),
			MaxRequests: limits.GetMaxRequests(),
		}}},
	}
}

// testBuffer compares the buffer per client connection.
func testBuffer(t *testing.T, got *listenerv3.Listener) {
	want, err := envoy.Listener(envoy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.GetPerConnectionBufferLimitBytes(), got.GetPerConnectionBufferLimitBytes(), protocmp.Transform()); diff != "" {
		t.Errorf("(-envoy +istio):\n%s", diff)
	}
}

// testClaims checks that Istio stores claims under the key in the configuration's path,
// and does not forward the token.
func testClaims(t *testing.T, m *hcmv3.HttpConnectionManager) {
	jwt := new(jwtv3.JwtAuthentication)
	unpack(t, named(t, m.GetHttpFilters(), "envoy.filters.http.jwt_authn").GetTypedConfig(), jwt)
	if len(jwt.GetProviders()) != 1 {
		t.Errorf("%d issuers", len(jwt.GetProviders()))
	}
	for _, provider := range jwt.GetProviders() {
		if provider.GetPayloadInMetadata() != "payload" || provider.GetForward() {
			t.Errorf("claims are in %q, token forwarded: %v", provider.GetPayloadInMetadata(), provider.GetForward())
		}
	}
}

// TestFilteredGateway checks that the gateway has the cluster in meshes that send
// gateways only the clusters they need.
func TestFilteredGateway(t *testing.T) {
	test.SetForTest(t, &features.FilterGatewayClusterConfig, true)
	has := func(e example) bool {
		return slices.ContainsFunc(startPilot(t, e).gateway().clusters, func(c *clusterv3.Cluster) bool { return c.GetName() == gatewayCluster })
	}
	e := load(t, "gateway")
	if !has(e) {
		t.Errorf("no cluster %s", gatewayCluster)
	}
	for i := range e.istio {
		e.istio[i].Annotations = nil
	}
	if has(e) {
		t.Error("the annotation is not needed")
	}
}
