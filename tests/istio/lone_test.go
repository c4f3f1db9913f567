package istio

import (
	"slices"
	"testing"

	"bedrock-extproc/envoy"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// onlyInIstio are filters that only Istio's build of Envoy has.
var onlyInIstio = []string{"istio.alpn", "istio.metadata_exchange", "istio.stats"}

// lone adapts pilot's configuration to an Envoy without istiod, istio-agent and traffic
// redirection.
type lone struct {
	generated
	// listener is the name of the listener to keep, and address its new address.
	listener string
	address  *corev3.Address
	// move maps cluster names to new addresses.
	move    map[string]*corev3.Address
	secrets []*tlsv3.Secret
}

// edit returns a function that replaces a bootstrap's listeners and clusters.
func (l lone) edit(t *testing.T) func(*bootstrapv3.Bootstrap) {
	return func(b *bootstrapv3.Bootstrap) {
		t.Helper()
		log := logFile(t, b.GetStaticResources().GetListeners()[0])
		listener := l.listenerOf(t)
		for _, chain := range listener.GetFilterChains() {
			l.adaptChain(t, chain, log)
		}
		b.StaticResources = &bootstrapv3.Bootstrap_StaticResources{
			Listeners: []*listenerv3.Listener{listener}, Secrets: l.secrets,
		}
		for _, cluster := range l.clusters {
			b.StaticResources.Clusters = append(b.StaticResources.Clusters, l.cluster(t, cluster))
		}
	}
}

// listenerOf returns the listener to keep, at its new address and without original
// destinations, because traffic is not redirected.
func (l lone) listenerOf(t *testing.T) *listenerv3.Listener {
	t.Helper()
	listener := proto.CloneOf(named(t, l.listeners, l.listener))
	listener.Name, listener.Address = envoy.ListenerName, l.address
	listener.BindToPort, listener.UseOriginalDst = nil, nil
	listener.ListenerFilters = slices.DeleteFunc(listener.GetListenerFilters(), func(f *listenerv3.ListenerFilter) bool {
		return f.GetName() == "envoy.filters.listener.original_dst"
	})
	return listener
}

func (l lone) adaptChain(t *testing.T, chain *listenerv3.FilterChain, log string) {
	t.Helper()
	chain.Filters = slices.DeleteFunc(chain.GetFilters(), func(f *listenerv3.Filter) bool {
		return slices.Contains(onlyInIstio, f.GetName())
	})
	for _, filter := range chain.GetFilters() {
		if manager := new(hcmv3.HttpConnectionManager); filter.GetTypedConfig().MessageIs(manager) {
			unpack(t, filter.GetTypedConfig(), manager)
			l.adaptManager(t, manager, log)
			filter.ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: pack(t, manager)}
		}
	}
	localSecrets(t, chain.GetTransportSocket(), new(tlsv3.DownstreamTlsContext))
}

// adaptManager inserts the routes that Envoy would request from istiod.
func (l lone) adaptManager(t *testing.T, m *hcmv3.HttpConnectionManager, log string) {
	t.Helper()
	m.HttpFilters = slices.DeleteFunc(m.GetHttpFilters(), func(f *hcmv3.HttpFilter) bool {
		return slices.Contains(onlyInIstio, f.GetName())
	})
	if rds := m.GetRds(); rds != nil {
		m.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: named(t, l.routes, rds.GetRouteConfigName())}
	}
	for _, entry := range m.GetAccessLog() {
		file := new(filev3.FileAccessLog)
		unpack(t, entry.GetTypedConfig(), file)
		file.Path = log
		entry.GetTypedConfig().Value = pack(t, file).GetValue()
	}
}

// cluster returns the cluster with the endpoints that EDS would deliver.
func (l lone) cluster(t *testing.T, c *clusterv3.Cluster) *clusterv3.Cluster {
	t.Helper()
	c = proto.CloneOf(c)
	c.Filters = slices.DeleteFunc(c.GetFilters(), func(f *clusterv3.Filter) bool {
		return slices.Contains(onlyInIstio, f.GetName())
	})
	for _, endpoints := range l.endpoints {
		if endpoints.GetClusterName() == c.GetName() {
			c.ClusterDiscoveryType = &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
			c.EdsClusterConfig, c.LoadAssignment = nil, endpoints
		}
	}
	if address, ok := l.move[c.GetName()]; ok {
		if len(c.GetLoadAssignment().GetEndpoints()) != 1 {
			t.Fatalf("cluster %q has no address: %v", c.GetName(), c)
		}
		c.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().Address = address
	}
	localSecrets(t, c.GetTransportSocket(), new(tlsv3.UpstreamTlsContext))
	for _, match := range c.GetTransportSocketMatches() {
		localSecrets(t, match.GetTransportSocket(), new(tlsv3.UpstreamTlsContext))
	}
	return c
}

// localSecrets makes a TLS configuration use secrets of the same names in the bootstrap
// instead of istio-agent's. context is the configuration's type.
func localSecrets(t *testing.T, socket *corev3.TransportSocket, context interface {
	proto.Message
	GetCommonTlsContext() *tlsv3.CommonTlsContext
},
) {
	t.Helper()
	if !socket.GetTypedConfig().MessageIs(context) {
		return
	}
	unpack(t, socket.GetTypedConfig(), context)
	common := context.GetCommonTlsContext()
	for _, secret := range common.GetTlsCertificateSdsSecretConfigs() {
		secret.SdsConfig = nil
	}
	if ca := common.GetCombinedValidationContext().GetValidationContextSdsSecretConfig(); ca != nil {
		ca.SdsConfig = nil
	}
	socket.ConfigType = &corev3.TransportSocket_TypedConfig{TypedConfig: pack(t, context)}
}

// logFile returns the access log file of the test's Envoy.
func logFile(t *testing.T, l *listenerv3.Listener) string {
	t.Helper()
	file := new(filev3.FileAccessLog)
	unpack(t, manager(t, l.GetFilterChains()[0]).GetAccessLog()[0].GetTypedConfig(), file)
	return file.GetPath()
}

// manager returns the HTTP connection manager of a filter chain.
func manager(t *testing.T, chain *listenerv3.FilterChain) *hcmv3.HttpConnectionManager {
	t.Helper()
	m := new(hcmv3.HttpConnectionManager)
	for _, filter := range chain.GetFilters() {
		if filter.GetTypedConfig().MessageIs(m) {
			unpack(t, filter.GetTypedConfig(), m)
			return m
		}
	}
	t.Fatalf("filter chain %q has no HTTP connection manager", chain.GetName())
	return nil
}

// named returns the resource of that name.
func named[T interface{ GetName() string }](t *testing.T, resources []T, name string) T {
	t.Helper()
	for _, r := range resources {
		if r.GetName() == name {
			return r
		}
	}
	t.Fatalf("no %q among %d resources", name, len(resources))
	panic("unreachable")
}

func unpack(t *testing.T, from *anypb.Any, to proto.Message) {
	t.Helper()
	if err := from.UnmarshalTo(to); err != nil {
		t.Fatal(err)
	}
}

func pack(t *testing.T, m proto.Message) *anypb.Any {
	t.Helper()
	packed, err := anypb.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}
