package doctor

import (
	"fmt"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// An extProc is an ext_proc filter in the filter chain of a connection manager.
type extProc struct {
	manager
	filter *hcmv3.HttpFilter
	after  []*hcmv3.HttpFilter
	config *extprocv3.ExternalProcessor
	// routing is nil if the dump does not have it.
	routing *routev3.RouteConfiguration
	// routes are the routes of routing, in order.
	routes []route
	// settings are the distinct configurations the filter runs with: its own, if any
	// route uses it unchanged, and those of routes that override it.
	settings []setting
}

func (p *extProc) where() string {
	text := fmt.Sprintf("%s, filter %q", p.manager.where, p.filter.GetName())
	if p.filter.GetConfigDiscovery() != nil {
		text += " (from ECDS)"
	}
	return text
}

// extProcs returns the ext_proc filters that call the cluster, or all of them if
// cluster is "".
func (s *Snapshot) extProcs(cluster string) []extProc {
	var found []extProc
	for _, m := range s.managers {
		filters := m.config.GetHttpFilters()
		for i, f := range filters {
			config, ok := unpack[extprocv3.ExternalProcessor](s.filterConfig(f))
			if !ok {
				continue
			}
			p := extProc{manager: m, filter: f, after: filters[i+1:], config: config, routing: s.routing(m.config)}
			p.routes = p.findRoutes()
			p.settings = p.findSettings()
			if cluster == "" || p.calls(cluster) {
				found = append(found, p)
			}
		}
	}
	return found
}

// calls reports whether the filter calls the cluster on any route.
func (p *extProc) calls(cluster string) bool {
	for _, s := range p.settings {
		if s.config.GetGrpcService().GetEnvoyGrpc().GetClusterName() == cluster {
			return true
		}
	}
	return false
}

// filterConfig returns a filter's configuration, inline or from ECDS; nil if the
// dump does not have it.
func (s *Snapshot) filterConfig(f *hcmv3.HttpFilter) *anypb.Any {
	discovery := f.GetConfigDiscovery()
	if discovery == nil {
		return f.GetTypedConfig()
	}
	if e, ok := s.extensions[f.GetName()]; ok {
		return e.GetTypedConfig()
	}
	return discovery.GetDefaultConfig()
}

// kind returns a filter's short type name, such as "jwt_authn". It is taken from
// the type URL, or from the filter's name if there is none.
func (s *Snapshot) kind(f *hcmv3.HttpFilter) string {
	urls := append([]string{s.filterConfig(f).GetTypeUrl()}, f.GetConfigDiscovery().GetTypeUrls()...)
	for _, url := range urls {
		if kind := typedKind(url); kind != "" {
			return kind
		}
	}
	// Envoy Gateway adds a suffix to names: envoy.filters.http.jwt_authn/….
	name, _, _ := strings.Cut(strings.TrimPrefix(f.GetName(), "envoy.filters.http."), "/")
	return name
}

// routing returns the manager's route configuration; nil if the dump does not have
// it.
func (s *Snapshot) routing(m *hcmv3.HttpConnectionManager) *routev3.RouteConfiguration {
	if name := m.GetRds().GetRouteConfigName(); name != "" {
		return s.routes[name]
	}
	return m.GetRouteConfig()
}

// target describes what a gRPC service calls.
func target(g *corev3.GrpcService) string {
	switch {
	case g.GetEnvoyGrpc() != nil:
		return fmt.Sprintf("cluster %q", g.GetEnvoyGrpc().GetClusterName())
	case g.GetGoogleGrpc() != nil:
		return fmt.Sprintf("%q with google_grpc", g.GetGoogleGrpc().GetTargetUri())
	default:
		return "no gRPC service"
	}
}
