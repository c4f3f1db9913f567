package envoygateway

import (
	"path/filepath"
	"strings"
	"testing"

	"bedrock-extproc/envoy"
	"bedrock-extproc/tests/envoytest"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	jwtv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/jwt_authn/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// fill replaces the resources of a bootstrap with the translated ones.
func (s *system) fill(t *testing.T, b *bootstrapv3.Bootstrap) {
	t.Helper()
	own := b.GetStaticResources().GetListeners()[0]
	log := envoytest.AccessLogFile(t, b)
	l := s.listener
	l.Name, l.Address, l.AccessLog = envoy.ListenerName, own.GetAddress(), nil
	chain := l.GetFilterChains()[0]
	m := s.manager(t)
	m.RouteSpecifier = &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: s.routes}
	file := unpack(t, m.GetAccessLog()[0].GetTypedConfig(), &filev3.FileAccessLog{})
	file.Path = log
	pack(t, m.GetAccessLog()[0].GetTypedConfig(), file)
	s.localKeys(t, m)
	pack(t, chain.GetFilters()[0].GetTypedConfig(), m)
	s.certificate(t, chain)
	b.StaticResources = &bootstrapv3.Bootstrap_StaticResources{Listeners: []*listenerv3.Listener{l}, Clusters: s.staticClusters(t)}
}

func pack(t *testing.T, to *anypb.Any, from proto.Message) {
	t.Helper()
	if err := to.MarshalFrom(from); err != nil {
		t.Fatal(err)
	}
}

func (s *system) file(name string) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_Filename{Filename: filepath.Join(s.keys, name)}}
}

// localKeys replaces the issuer's remote keys with local ones.
func (s *system) localKeys(t *testing.T, m *hcmv3.HttpConnectionManager) {
	t.Helper()
	for _, f := range m.GetHttpFilters() {
		if f.GetName() != "envoy.filters.http.jwt_authn" {
			continue
		}
		jwt := unpack(t, f.GetTypedConfig(), &jwtv3.JwtAuthentication{})
		for _, p := range jwt.GetProviders() {
			p.JwksSourceSpecifier = &jwtv3.JwtProvider_LocalJwks{LocalJwks: s.file("jwks.json")}
		}
		pack(t, f.GetTypedConfig(), jwt)
	}
}

func (s *system) certificate(t *testing.T, chain *listenerv3.FilterChain) {
	t.Helper()
	config := chain.GetTransportSocket().GetTypedConfig()
	context := unpack(t, config, &tlsv3.DownstreamTlsContext{})
	context.GetCommonTlsContext().TlsCertificateSdsSecretConfigs = nil
	context.GetCommonTlsContext().TlsCertificates = []*tlsv3.TlsCertificate{{CertificateChain: s.file("tls.crt"), PrivateKey: s.file("tls.key")}}
	pack(t, config, context)
}

// staticClusters returns the clusters with their endpoints, without the issuer's.
func (s *system) staticClusters(t *testing.T) []*clusterv3.Cluster {
	t.Helper()
	all := s.more
	for _, c := range s.clusters {
		if strings.HasPrefix(c.GetName(), "issuer_") {
			continue
		}
		if c.GetEdsClusterConfig() != nil {
			c.LoadAssignment = s.endpoints[c.GetName()]
			c.EdsClusterConfig, c.ClusterDiscoveryType = nil, &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC}
			pipe := c.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().GetAddress().GetPipe()
			if pipe.GetPath() != "/run/bedrock-extproc/extproc.sock" {
				t.Errorf("the sidecar's address is %v", pipe)
			}
			pipe.Path = s.socket
		}
		all = append(all, c)
	}
	return all
}
