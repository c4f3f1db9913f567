package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// ErrNoDump reports input that is not a configuration dump.
var ErrNoDump = errors.New("not a configuration dump: want the output of Envoy's admin endpoint /config_dump?include_eds")

// ReadDump reads a configuration dump printed by Envoy's admin interface, istioctl
// or egctl. It does not read the secrets section.
func ReadDump(text []byte) (*Snapshot, error) {
	configs, err := findConfigs(text)
	if err != nil {
		return nil, err
	}
	s := newSnapshot()
	for _, config := range configs {
		if err := s.add(config); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// findConfigs returns the sections of the dump. egctl nests the dump under a
// namespace and a pod name.
func findConfigs(text []byte) ([]json.RawMessage, error) {
	var found [][]json.RawMessage
	var search func(text []byte, depth int) error
	search = func(text []byte, depth int) error {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			if depth == 0 {
				return fmt.Errorf("%w: %w", ErrNoDump, err)
			}
			return nil
		}
		var configs []json.RawMessage
		if json.Unmarshal(members["configs"], &configs) == nil {
			found = append(found, configs)
			return nil
		}
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if depth < 3 {
				_ = search(members[name], depth+1) // only the outermost call can fail
			}
		}
		return nil
	}
	if err := search(text, 0); err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return nil, ErrNoDump
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("the input has the dumps of %d Envoys: pass the dump of one", len(found))
}

// add reads one section of a dump. Sections the checks do not need are ignored.
func (s *Snapshot) add(section json.RawMessage) error {
	var tag struct {
		Type string `json:"@type"`
	}
	if err := json.Unmarshal(section, &tag); err != nil {
		return fmt.Errorf("%w: %w", ErrNoDump, err)
	}
	_, name, _ := strings.Cut(tag.Type, "/")
	switch name {
	case "envoy.admin.v3.BootstrapConfigDump":
		return readSection(section, s.addBootstrap)
	case "envoy.admin.v3.ListenersConfigDump":
		return readSection(section, s.addListeners)
	case "envoy.admin.v3.ClustersConfigDump":
		return readSection(section, s.addClusters)
	case "envoy.admin.v3.RoutesConfigDump":
		return readSection(section, s.addRoutes)
	case "envoy.admin.v3.EndpointsConfigDump":
		return readSection(section, s.addEndpoints)
	case "envoy.admin.v3.EcdsConfigDump":
		return readSection(section, s.addExtensions)
	}
	return nil
}

func readSection[T any, M interface {
	*T
	proto.Message
}](text json.RawMessage, add func(M)) error {
	m := M(new(T))
	if err := lenient.Unmarshal(text, m); err != nil {
		return fmt.Errorf("configuration dump: %s: %w", m.ProtoReflect().Descriptor().Name(), err)
	}
	add(m)
	return nil
}

// unpack decodes an extension; false if it is missing or has another type.
func unpack[T any, M interface {
	*T
	proto.Message
}](packed *anypb.Any) (M, bool) {
	m := M(new(T))
	if packed == nil || packed.UnmarshalTo(m) != nil {
		return nil, false
	}
	return m, true
}

func (s *Snapshot) addBootstrap(dump *adminv3.BootstrapConfigDump) {
	if v := dump.GetBootstrap().GetNode().GetUserAgentBuildVersion().GetVersion(); v != nil {
		s.Version = fmt.Sprintf("%d.%d.%d", v.GetMajorNumber(), v.GetMinorNumber(), v.GetPatch())
	}
}

func (s *Snapshot) addClusters(dump *adminv3.ClustersConfigDump) {
	add := func(packed *anypb.Any) {
		if c, ok := unpack[clusterv3.Cluster](packed); ok {
			s.clusters[c.GetName()] = c
			if c.GetLoadAssignment() != nil {
				s.setEndpoints(c.GetName(), c.GetLoadAssignment())
			}
		}
	}
	for _, c := range dump.GetStaticClusters() {
		add(c.GetCluster())
	}
	for _, c := range slices.Concat(dump.GetDynamicActiveClusters(), dump.GetDynamicWarmingClusters()) {
		add(c.GetCluster())
		s.addRejected("a cluster", c.GetErrorState())
	}
}

func (s *Snapshot) addRoutes(dump *adminv3.RoutesConfigDump) {
	add := func(packed *anypb.Any) {
		if r, ok := unpack[routev3.RouteConfiguration](packed); ok {
			s.routes[r.GetName()] = r
		}
	}
	for _, r := range dump.GetStaticRouteConfigs() {
		add(r.GetRouteConfig())
	}
	for _, r := range dump.GetDynamicRouteConfigs() {
		add(r.GetRouteConfig())
		s.addRejected("a route configuration", r.GetErrorState())
	}
}

func (s *Snapshot) addEndpoints(dump *adminv3.EndpointsConfigDump) {
	add := func(packed *anypb.Any) {
		if a, ok := unpack[endpointv3.ClusterLoadAssignment](packed); ok {
			s.setEndpoints(a.GetClusterName(), a)
		}
	}
	for _, c := range dump.GetStaticEndpointConfigs() {
		add(c.GetEndpointConfig())
	}
	for _, c := range dump.GetDynamicEndpointConfigs() {
		add(c.GetEndpointConfig())
	}
}

func (s *Snapshot) setEndpoints(cluster string, a *endpointv3.ClusterLoadAssignment) {
	var found []*corev3.Address
	for _, locality := range a.GetEndpoints() {
		for _, endpoint := range locality.GetLbEndpoints() {
			found = append(found, endpoint.GetEndpoint().GetAddress())
		}
	}
	s.endpoints[cluster] = found
}

func (s *Snapshot) addExtensions(dump *adminv3.EcdsConfigDump) {
	for _, f := range dump.GetEcdsFilters() {
		if e, ok := unpack[corev3.TypedExtensionConfig](f.GetEcdsFilter()); ok {
			s.extensions[e.GetName()] = e
		}
		s.addRejected("a filter from ECDS", f.GetErrorState())
	}
}

// addRejected records an update that Envoy rejected.
func (s *Snapshot) addRejected(what string, state *adminv3.UpdateFailureState) {
	if state != nil {
		s.rejected = append(s.rejected, observation{what, "Envoy rejected an update: " + strings.TrimSpace(state.GetDetails())})
	}
}
