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

// onlyInIstio are the filters, of all kinds, that Istio's build of Envoy has and
// Envoy's own has not.
var onlyInIstio = []string{"istio.alpn", "istio.metadata_exchange", "istio.stats"}

// lone makes what pilot generated fit for an Envoy that is alone: no istiod, no
// istio-agent, no redirection of the pod's traffic.
type lone struct {
	generated
	// listener is the one to keep, and address where it listens.
	listener string
	address  *corev3.Address
	// move has the new addresses of clusters, by their names.
	move    map[string]*corev3.Address
	secrets []*tlsv3.Secret
}

// edit replaces a bootstrap's listeners and clusters.
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

// listenerOf is the listener that is kept, where Envoy can open it. The pod's
// traffic is not redirected, so it has no original destination.
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

// adaptManager gives it the routes that it would ask istiod for.
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

// cluster has its endpoints in it, as EDS would give them.
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
			t.Fatalf("cluster %q has no address of its own: %v", c.GetName(), c)
		}
		c.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().Address = address
	}
	localSecrets(t, c.GetTransportSocket(), new(tlsv3.UpstreamTlsContext))
	for _, match := range c.GetTransportSocketMatches() {
		localSecrets(t, match.GetTransportSocket(), new(tlsv3.UpstreamTlsContext))
	}
	return c
}

// localSecrets has a TLS configuration take its secrets, by the same names, from
// the bootstrap instead of istio-agent. context is the type that it has.
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

// logFile is where the test's Envoy is to write its access log.
func logFile(t *testing.T, l *listenerv3.Listener) string {
	t.Helper()
	file := new(filev3.FileAccessLog)
	unpack(t, manager(t, l.GetFilterChains()[0]).GetAccessLog()[0].GetTypedConfig(), file)
	return file.GetPath()
}

// manager is the HTTP connection manager of a filter chain.
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

// named finds a resource.
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
