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

// A place is an ext_proc filter in the chain of a connection manager.
type place struct {
	manager
	filter *hcmv3.HttpFilter
	after  []*hcmv3.HttpFilter
	config *extprocv3.ExternalProcessor
	// routing is nil where it is not in the dump.
	routing *routev3.RouteConfiguration
	// routes are those of routing, in their order.
	routes []route
	// settings are the filter's own configuration, if it runs with it, and those of
	// routes that change it.
	settings []setting
}

func (p *place) where() string {
	text := fmt.Sprintf("%s, filter %q", p.manager.where, p.filter.GetName())
	if p.filter.GetConfigDiscovery() != nil {
		text += " (by ECDS)"
	}
	return text
}

// places are all ext_proc filters that call the cluster, or any if that is "".
func (s *Snapshot) places(cluster string) []place {
	var found []place
	for _, m := range s.managers {
		filters := m.config.GetHttpFilters()
		for i, f := range filters {
			config, ok := unpack[extprocv3.ExternalProcessor](s.filterConfig(f))
			if !ok {
				continue
			}
			p := place{manager: m, filter: f, after: filters[i+1:], config: config, routing: s.routing(m.config)}
			p.routes = p.findRoutes()
			p.settings = p.findSettings()
			if cluster == "" || p.calls(cluster) {
				found = append(found, p)
			}
		}
	}
	return found
}

// calls tells whether the filter calls the cluster, be it on one route only.
func (p *place) calls(cluster string) bool {
	for _, s := range p.settings {
		if s.config.GetGrpcService().GetEnvoyGrpc().GetClusterName() == cluster {
			return true
		}
	}
	return false
}

// filterConfig is a filter's configuration, wherever it comes from; nil where it
// is not in the dump.
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

// kind is the short name of what a filter is, such as "jwt_authn": by its type,
// or else by its name.
func (s *Snapshot) kind(f *hcmv3.HttpFilter) string {
	const prefix = "envoy.extensions.filters.http."
	urls := append([]string{s.filterConfig(f).GetTypeUrl()}, f.GetConfigDiscovery().GetTypeUrls()...)
	for _, url := range urls {
		if _, rest, ok := strings.Cut(url, prefix); ok {
			kind, _, _ := strings.Cut(rest, ".")
			return kind
		}
	}
	// Envoy Gateway adds what a filter is for: envoy.filters.http.jwt_authn/….
	name, _, _ := strings.Cut(strings.TrimPrefix(f.GetName(), "envoy.filters.http."), "/")
	return name
}

// routing is the manager's routes; nil where they are not in the dump.
func (s *Snapshot) routing(m *hcmv3.HttpConnectionManager) *routev3.RouteConfiguration {
	if name := m.GetRds().GetRouteConfigName(); name != "" {
		return s.routes[name]
	}
	return m.GetRouteConfig()
}

// target says in words what a service calls.
func target(g *corev3.GrpcService) string {
	switch {
	case g.GetEnvoyGrpc() != nil:
		return fmt.Sprintf("cluster %q", g.GetEnvoyGrpc().GetClusterName())
	case g.GetGoogleGrpc() != nil:
		return fmt.Sprintf("%q by google_grpc", g.GetGoogleGrpc().GetTargetUri())
	default:
		return "no gRPC service"
	}
}
