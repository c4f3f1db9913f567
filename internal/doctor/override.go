package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
)

// overrideChecks find per-route configurations that Envoy accepts and silently
// ignores.
func overrideChecks() []check {
	return []check{
		{
			"override-name", Error,
			"a name in typed_per_filter_config that no filter of the listener has: Envoy silently ignores it, so a backend, an authorization or a limit of that route does not apply",
			"Use the filter's name in http_filters as the key, or add the filter. Set is_optional in a FilterConfig if the filter may be missing.",
			eachFilter(unknownOverrides),
		},
		{
			"override-type", Error,
			"a typed_per_filter_config of another filter's type: Envoy silently ignores it",
			"Use the per-route type of the filter with that name, for example envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute for ext_proc.",
			eachFilter(wrongOverrides),
		},
	}
}

// An overriding is a typed_per_filter_config and the place where it is.
type overriding struct {
	where     string
	perFilter map[string]*anypb.Any
}

// overridings returns every typed_per_filter_config of a route configuration.
func overridings(where string, routing *routev3.RouteConfiguration) []overriding {
	list := []overriding{{fmt.Sprintf("%s, route configuration %q", where, routing.GetName()), routing.GetTypedPerFilterConfig()}}
	for _, host := range routing.GetVirtualHosts() {
		list = append(list, overriding{fmt.Sprintf("%s, virtual host %q", where, host.GetName()), host.GetTypedPerFilterConfig()})
		for i, r := range host.GetRoutes() {
			name := where + ", " + routeName(host, i)
			list = append(list, overriding{name, r.GetTypedPerFilterConfig()})
			for _, c := range r.GetRoute().GetWeightedClusters().GetClusters() {
				list = append(list, overriding{fmt.Sprintf("%s, cluster %q", name, c.GetName()), c.GetTypedPerFilterConfig()})
			}
		}
	}
	return list
}

func unknownOverrides(e *examination, p *extProc) []observation {
	known := e.filterNames(p)
	var found []observation
	for _, o := range overridings(p.manager.where, p.routing) {
		for _, name := range slices.Sorted(maps.Keys(o.perFilter)) {
			wrapped, _ := unpack[routev3.FilterConfig](o.perFilter[name])
			if !slices.Contains(known, name) && !wrapped.GetIsOptional() {
				found = append(found, observe(o.where, "no filter has the name %q, but typed_per_filter_config does", name)...)
			}
		}
	}
	return found
}

// filterNames lists the names of the filters that may use the filter's route
// configuration: of all listeners that share it, and of clusters.
func (e *examination) filterNames(p *extProc) []string {
	var filters []*hcmv3.HttpFilter
	for _, m := range e.managers {
		if m.config == p.manager.config || e.routing(m.config) == p.routing {
			filters = append(filters, m.config.GetHttpFilters()...)
		}
	}
	for _, c := range e.clusters {
		filters = append(filters, protocols(c).GetHttpFilters()...)
	}
	var names []string
	for _, f := range filters {
		names = append(names, f.GetName())
	}
	return names
}

func wrongOverrides(e *examination, p *extProc) []observation {
	var found []observation
	for _, o := range overridings(p.manager.where, p.routing) {
		for _, f := range p.manager.config.GetHttpFilters() {
			want, got := typedKind(e.filterConfig(f).GetTypeUrl()), typedKind(unwrapped(o.perFilter[f.GetName()]).GetTypeUrl())
			if want != "" && want != "composite" && got != "" && got != want {
				found = append(found, observe(o.where, "typed_per_filter_config of filter %q has a type of %s, want %s", f.GetName(), got, want)...)
			}
		}
	}
	return found
}

// unwrapped returns the configuration inside a FilterConfig, or the configuration
// itself.
func unwrapped(packed *anypb.Any) *anypb.Any {
	if wrapped, ok := unpack[routev3.FilterConfig](packed); ok {
		return wrapped.GetConfig()
	}
	return packed
}

// typedKind returns the kind of HTTP filter that a type URL is for, such as
// "jwt_authn"; "" if the URL does not tell.
func typedKind(url string) string {
	_, rest, _ := strings.Cut(url, "envoy.extensions.filters.http.")
	kind, _, _ := strings.Cut(rest, ".")
	return kind
}
