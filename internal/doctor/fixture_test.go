package doctor

import (
	"encoding/json"
	"slices"
	"testing"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
)

const callPath = "/api/v1/llm/completions"

// A site is an Envoy configuration in parts that a test can break. goodSite starts
// with the configuration from package envoy, which has no findings.
type site struct {
	version  *typev3.SemanticVersion
	listener *listenerv3.Listener
	manager  *hcmv3.HttpConnectionManager
	filter   *hcmv3.HttpFilter // of the sidecar
	config   *extprocv3.ExternalProcessor
	routes   *routev3.RouteConfiguration
	cluster  *clusterv3.Cluster
	http     *httpv3.HttpProtocolOptions // of the cluster
	warming  bool
	rejected string
	noRoutes bool
	clusters []*clusterv3.Cluster // beside the sidecar's

	options Options
	stats   map[string]uint64
	aws     *AWS
}

func goodSite(t *testing.T) *site {
	t.Helper()
	bootstrap, err := envoy.Bootstrap(envoy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{
		version:  &typev3.SemanticVersion{MajorNumber: 1, MinorNumber: 40},
		listener: bootstrap.GetStaticResources().GetListeners()[0],
		cluster:  bootstrap.GetStaticResources().GetClusters()[0],
		options:  Options{APIs: []API{{Name: "gateway", Paths: []string{callPath}}}},
	}
	s.manager = unpacked[hcmv3.HttpConnectionManager](t, s.listener.GetFilterChains()[0].GetFilters()[0].GetTypedConfig())
	s.filter = s.manager.GetHttpFilters()[0]
	s.filter.Disabled = false // so that a finding names the filter and not each route
	s.config = unpacked[extprocv3.ExternalProcessor](t, s.filter.GetTypedConfig())
	s.routes = s.manager.GetRouteConfig()
	s.routes.GetVirtualHosts()[0].GetRoutes()[0].TypedPerFilterConfig = nil
	s.http = unpacked[httpv3.HttpProtocolOptions](t, s.cluster.GetTypedExtensionProtocolOptions()[httpOptions])
	return s
}

const httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

func unpacked[T any, M interface {
	*T
	proto.Message
}](t *testing.T, packed *anypb.Any) M {
	t.Helper()
	m, ok := unpack[T, M](packed)
	if !ok {
		t.Fatalf("not a %T: %s", m, packed.GetTypeUrl())
	}
	return m
}

func packed(t *testing.T, m proto.Message) *anypb.Any {
	t.Helper()
	a, err := anypb.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// route returns the only route of the only virtual host.
func (s *site) route() *routev3.Route { return s.routes.GetVirtualHosts()[0].GetRoutes()[0] }

// assemble packs the parts into each other.
func (s *site) assemble(t *testing.T) {
	t.Helper()
	if s.filter.GetTypedConfig().GetTypeUrl() == extProcURL {
		s.filter.ConfigType = &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(t, s.config)}
	}
	if s.cluster != nil {
		s.cluster.TypedExtensionProtocolOptions = map[string]*anypb.Any{httpOptions: packed(t, s.http)}
	}
	for _, chain := range append(slices.Clone(s.listener.GetFilterChains()), s.listener.GetDefaultFilterChain()) {
		for _, f := range chain.GetFilters() {
			f.ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: packed(t, s.manager)}
		}
	}
}

// staticDump returns the dump of a configuration from a file.
func (s *site) staticDump(t *testing.T) []byte {
	t.Helper()
	s.assemble(t)
	listeners := &adminv3.ListenersConfigDump{
		StaticListeners: []*adminv3.ListenersConfigDump_StaticListener{{Listener: packed(t, s.listener)}},
	}
	if s.warming {
		listeners.DynamicListeners = append(listeners.DynamicListeners, &adminv3.ListenersConfigDump_DynamicListener{
			Name: "next", WarmingState: &adminv3.ListenersConfigDump_DynamicListenerState{Listener: packed(t, s.listener)},
		})
	}
	if s.rejected != "" {
		listeners.DynamicListeners = append(listeners.DynamicListeners, &adminv3.ListenersConfigDump_DynamicListener{
			Name: "rejected", ErrorState: &adminv3.UpdateFailureState{Details: s.rejected},
		})
	}
	return dump(t, s.bootstrap(), listeners, s.clustersDump(t), &adminv3.RoutesConfigDump{
		StaticRouteConfigs: []*adminv3.RoutesConfigDump_StaticRouteConfig{{RouteConfig: packed(t, s.routes)}},
	})
}

// dynamicDump returns the dump of the same configuration from LDS, RDS, CDS and
// ECDS.
func (s *site) dynamicDump(t *testing.T) []byte {
	t.Helper()
	s.assemble(t)
	extension := &corev3.TypedExtensionConfig{Name: s.filter.GetName(), TypedConfig: s.filter.GetTypedConfig()}
	s.filter.ConfigType = &hcmv3.HttpFilter_ConfigDiscovery{ConfigDiscovery: &corev3.ExtensionConfigSource{TypeUrls: []string{extProcURL}}}
	s.manager.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{RouteConfigName: s.routes.GetName()}}
	s.listener.GetFilterChains()[0].GetFilters()[0].ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: packed(t, s.manager)}
	routes := &adminv3.RoutesConfigDump{}
	if !s.noRoutes {
		routes.DynamicRouteConfigs = []*adminv3.RoutesConfigDump_DynamicRouteConfig{{RouteConfig: packed(t, s.routes)}}
	}
	return dump(t, s.bootstrap(),
		&adminv3.ListenersConfigDump{DynamicListeners: []*adminv3.ListenersConfigDump_DynamicListener{{
			Name: s.listener.GetName(), ActiveState: &adminv3.ListenersConfigDump_DynamicListenerState{Listener: packed(t, s.listener)},
		}}},
		&adminv3.ClustersConfigDump{DynamicActiveClusters: []*adminv3.ClustersConfigDump_DynamicCluster{{Cluster: packed(t, s.cluster)}}},
		routes,
		&adminv3.EcdsConfigDump{EcdsFilters: []*adminv3.EcdsConfigDump_EcdsFilterConfig{{EcdsFilter: packed(t, extension)}}},
	)
}

func (s *site) bootstrap() *adminv3.BootstrapConfigDump {
	return &adminv3.BootstrapConfigDump{Bootstrap: &bootstrapv3.Bootstrap{Node: &corev3.Node{
		UserAgentVersionType: &corev3.Node_UserAgentBuildVersion{UserAgentBuildVersion: &corev3.BuildVersion{Version: s.version}},
	}}}
}

func (s *site) clustersDump(t *testing.T) *adminv3.ClustersConfigDump {
	t.Helper()
	clusters := &adminv3.ClustersConfigDump{}
	for _, c := range append(slices.Clone(s.clusters), s.cluster) {
		if c != nil {
			clusters.StaticClusters = append(clusters.StaticClusters, &adminv3.ClustersConfigDump_StaticCluster{Cluster: packed(t, c)})
		}
	}
	return clusters
}

func dump(t *testing.T, sections ...proto.Message) []byte {
	t.Helper()
	var configs []json.RawMessage
	for _, section := range sections {
		text, err := protojson.MarshalOptions{UseProtoNames: true, Resolver: lenient.Resolver}.Marshal(packed(t, section))
		if err != nil {
			t.Fatal(err)
		}
		configs = append(configs, text)
	}
	text, err := json.Marshal(map[string]any{"configs": configs})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// examine reads a dump and returns the findings, as "id: where: problem".
func (s *site) examine(t *testing.T, dump []byte) []string {
	t.Helper()
	snapshot, err := ReadDump(dump)
	if err != nil {
		t.Fatal(err)
	}
	snapshot.Stats, snapshot.AWS = s.stats, s.aws
	return lines(Examine(snapshot, s.options))
}

func lines(r *Report) []string {
	list := []string{}
	for _, f := range r.Findings {
		list = append(list, f.ID+": "+f.Where+": "+f.Problem)
	}
	return list
}
