package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// A route is a route of the connection manager with the ext_proc configuration
// that applies to it. A route with weighted clusters is one route for each of them.
type route struct {
	where   string
	host    int // index of its virtual host
	route   *routev3.Route
	cluster string // "" if the route has none, or chooses it by each request
	enabled bool   // the filter runs on it
	config  *extprocv3.ExternalProcessor
}

// findRoutes resolves the filter's configuration for each route.
func (p *extProc) findRoutes() []route {
	var list []route
	for i, host := range p.routing.GetVirtualHosts() {
		for j, r := range host.GetRoutes() {
			found := route{
				where: fmt.Sprintf("%s, %s", p.where(), routeName(host, j)), host: i, route: r,
				cluster: r.GetRoute().GetCluster(), enabled: !p.filter.GetDisabled(), config: p.config,
			}
			// The most specific override comes last.
			for _, perFilter := range []map[string]*anypb.Any{
				p.routing.GetTypedPerFilterConfig(), host.GetTypedPerFilterConfig(), r.GetTypedPerFilterConfig(),
			} {
				found.apply(perFilter[p.filter.GetName()])
			}
			list = append(list, found.split(p.filter.GetName())...)
		}
	}
	return list
}

// routeName names the route of a virtual host at an index.
func routeName(host *routev3.VirtualHost, index int) string {
	return fmt.Sprintf("virtual host %q, route %q", host.GetName(), cmp.Or(host.GetRoutes()[index].GetName(), strconv.Itoa(index)))
}

// apply applies one per-route configuration of the filter, which may be nil.
func (r *route) apply(packed *anypb.Any) {
	if packed != nil {
		r.enabled, r.config = override(packed, r.config)
	}
}

// split returns the route once for each of its weighted clusters, or unchanged.
func (r route) split(filter string) []route {
	weighted := r.route.GetRoute().GetWeightedClusters().GetClusters()
	if len(weighted) == 0 {
		return []route{r}
	}
	var list []route
	for _, c := range weighted {
		part := r
		part.cluster = c.GetName()
		part.where += fmt.Sprintf(", cluster %q", c.GetName())
		part.apply(c.GetTypedPerFilterConfig()[filter])
		list = append(list, part)
	}
	return list
}

// override applies one per-route configuration. It returns whether the filter runs,
// and the resulting configuration.
func override(packed *anypb.Any, config *extprocv3.ExternalProcessor) (bool, *extprocv3.ExternalProcessor) {
	if wrapped, ok := unpack[routev3.FilterConfig](packed); ok {
		if wrapped.GetDisabled() {
			return false, config
		}
		packed = wrapped.GetConfig()
	}
	per, ok := unpack[extprocv3.ExtProcPerRoute](packed)
	switch {
	case !ok:
		return true, config
	case per.GetDisabled():
		return false, config
	}
	return true, merge(config, per.GetOverrides())
}

// merge returns config with the overrides applied; config itself is not changed.
func merge(config *extprocv3.ExternalProcessor, o *extprocv3.ExtProcOverrides) *extprocv3.ExternalProcessor {
	if o == nil {
		return config
	}
	config = proto.CloneOf(config)
	if o.GetProcessingMode() != nil {
		config.ProcessingMode = o.GetProcessingMode()
	}
	if o.GetGrpcService() != nil {
		config.GrpcService = o.GetGrpcService()
	}
	if len(o.GetGrpcInitialMetadata()) > 0 && config.GetGrpcService() != nil {
		config.GrpcService = proto.CloneOf(config.GetGrpcService())
		config.GrpcService.InitialMetadata = mergeHeaders(config.GrpcService.GetInitialMetadata(), o.GetGrpcInitialMetadata())
	}
	if o.GetFailureModeAllow() != nil {
		config.FailureModeAllow = o.GetFailureModeAllow().GetValue()
	}
	if o.GetMetadataOptions() != nil {
		config.MetadataOptions = mergeMetadata(config.GetMetadataOptions(), o.GetMetadataOptions())
	}
	return config
}

// mergeHeaders replaces the headers of base that o has, too.
func mergeHeaders(base, o []*corev3.HeaderValue) []*corev3.HeaderValue {
	kept := slices.DeleteFunc(slices.Clone(base), func(h *corev3.HeaderValue) bool {
		return slices.ContainsFunc(o, func(other *corev3.HeaderValue) bool { return strings.EqualFold(h.GetKey(), other.GetKey()) })
	})
	return append(kept, o...)
}

func mergeMetadata(base, o *extprocv3.MetadataOptions) *extprocv3.MetadataOptions {
	merged := &extprocv3.MetadataOptions{
		ForwardingNamespaces: base.GetForwardingNamespaces(), ReceivingNamespaces: base.GetReceivingNamespaces(),
	}
	if o.GetForwardingNamespaces() != nil {
		merged.ForwardingNamespaces = o.GetForwardingNamespaces()
	}
	if o.GetReceivingNamespaces() != nil {
		merged.ReceivingNamespaces = o.GetReceivingNamespaces()
	}
	return merged
}

// serving returns the routes of a virtual host that may get requests for a path:
// those with further conditions, up to the first without any.
func serving(routes []route, host int, path string) []route {
	var found []route
	var last *routev3.Route
	for _, r := range routes {
		match := r.route.GetMatch()
		if r.host != host || !matches(match, path) {
			continue
		}
		if last != nil && r.route != last {
			break
		}
		found = append(found, r)
		if !conditional(match) {
			last = r.route
		}
	}
	return found
}

func matches(m *routev3.RouteMatch, path string) bool {
	insensitive := !m.GetCaseSensitive().GetValue() && m.GetCaseSensitive() != nil
	fold := func(text string) string {
		if insensitive {
			return strings.ToLower(text)
		}
		return text
	}
	path = fold(path)
	switch by := m.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		return strings.HasPrefix(path, fold(by.Prefix))
	case *routev3.RouteMatch_Path:
		return path == fold(by.Path)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		prefix := fold(by.PathSeparatedPrefix)
		return path == prefix || strings.HasPrefix(path, prefix+"/")
	case *routev3.RouteMatch_SafeRegex:
		return matchesWhole(by.SafeRegex, path)
	default:
		return false
	}
}

// conditional reports whether a match depends on more than the path.
func conditional(m *routev3.RouteMatch) bool {
	return len(m.GetHeaders())+len(m.GetQueryParameters())+len(m.GetDynamicMetadata())+len(m.GetFilterState()) > 0 ||
		m.GetRuntimeFraction() != nil || m.GetGrpc() != nil || m.GetTlsContext() != nil
}

// A setting is a configuration that the filter runs with, after overrides.
type setting struct {
	where  string
	config *extprocv3.ExternalProcessor
}

// findSettings returns the distinct settings. They are never empty: a filter that
// runs nowhere is reported by the check filter-disabled.
func (p *extProc) findSettings() []setting {
	own, unchanged := setting{p.where(), p.config}, !p.filter.GetDisabled()
	var changed []setting
	for _, r := range p.routes {
		switch {
		case !r.enabled:
		case r.config == p.config:
			unchanged = true
		default:
			changed = append(changed, setting{r.where, r.config})
		}
	}
	if unchanged || changed == nil {
		return append([]setting{own}, changed...)
	}
	return changed
}
