package doctor

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
)

// rateLimitChecks find rate limits that Envoy silently ignores.
func rateLimitChecks() []check {
	return []check{
		{
			"rate-limit-no-cluster", Error,
			"rate limits on a direct_response route: Envoy silently ignores global limits, and rate_limits of a virtual host for local ones, on routes without a cluster",
			"Route to a cluster without endpoints, which also answers 503, as in examples/envoy/budget. The token_bucket and the rate_limits of a local rate limit filter itself work on every route.",
			eachFilter(limitWithoutCluster),
		},
		{
			"rate-limit-addend", Error,
			"hits_addend in rate_limits of a virtual host or route, where Envoy ignores it: each call counts as one, regardless of its tokens",
			"Move the rate_limits into RateLimitPerRoute, in typed_per_filter_config of the virtual host or route.",
			eachFilter(ignoredAddend),
		},
		{
			"budget-without-tokens", Error,
			"a token budget that is never charged: rate limits add the sidecar's metadata, but receiving_namespaces lacks `bedrock`",
			"Set metadata_options.receiving_namespaces.untyped: [bedrock] of the filter.",
			eachFilter(unchargedBudget),
		},
	}
}

// unchargedBudget finds limits that count metadata which Envoy drops.
func unchargedBudget(e *examination, p *extProc) []observation {
	if !e.addsMetadata(p) {
		return nil
	}
	var found []observation
	for _, s := range p.settings {
		if !slices.Contains(s.config.GetMetadataOptions().GetReceivingNamespaces().GetUntyped(), envoy.MetadataNamespace) {
			found = append(found, observation{s.where, "rate limits add " + envoy.MetadataNamespace + " metadata, which it does not receive"})
		}
	}
	return found
}

// addsMetadata reports whether any limit of the listener's rate limit filters adds the
// sidecar's metadata.
func (e *examination) addsMetadata(p *extProc) bool {
	configs := slices.Collect(maps.Values(p.routing.GetTypedPerFilterConfig()))
	for _, f := range p.before() {
		configs = append(configs, e.filterConfig(f))
	}
	for _, host := range p.routing.GetVirtualHosts() {
		configs = slices.AppendSeq(configs, maps.Values(host.GetTypedPerFilterConfig()))
	}
	for _, r := range p.routes {
		configs = slices.AppendSeq(configs, maps.Values(r.route.GetTypedPerFilterConfig()))
	}
	return slices.ContainsFunc(configs, func(a *anypb.Any) bool {
		return bytes.Contains(a.GetValue(), []byte("%DYNAMIC_METADATA("+envoy.MetadataNamespace+":"))
	})
}

// before returns the filters that run before ext_proc.
func (p *extProc) before() []*hcmv3.HttpFilter {
	filters := p.manager.config.GetHttpFilters()
	return filters[:len(filters)-len(p.after)-1]
}

func limitWithoutCluster(e *examination, p *extProc) []observation {
	var found []observation
	for _, f := range p.before() {
		if !p.inUse(f) {
			continue
		}
		for _, r := range p.routes {
			if r.enabled && r.route.GetDirectResponse() != nil && e.limits(p, f, r) {
				found = append(found, observe(r.where, "the limits of filter %q have no effect: the route has no cluster", f.GetName())...)
			}
		}
	}
	return found
}

// limits reports whether a rate limit filter has limits for a route that need a cluster.
func (e *examination) limits(p *extProc, f *hcmv3.HttpFilter, r route) bool {
	host := p.routing.GetVirtualHosts()[r.host]
	switch e.kind(f) {
	case "ratelimit":
		config, _ := unpack[ratelimitv3.RateLimit](e.filterConfig(f))
		return len(config.GetRateLimits())+len(host.GetRateLimits()) > 0 ||
			p.routing.GetTypedPerFilterConfig()[f.GetName()] != nil ||
			host.GetTypedPerFilterConfig()[f.GetName()] != nil ||
			r.route.GetTypedPerFilterConfig()[f.GetName()] != nil
	case "local_ratelimit":
		return len(host.GetRateLimits()) > 0
	}
	return false
}

func ignoredAddend(_ *examination, p *extProc) []observation {
	adds := func(l *routev3.RateLimit) bool { return l.GetHitsAddend() != nil }
	const problem = "rate_limits have a hits_addend, which Envoy ignores there"
	var found []observation
	for _, host := range p.routing.GetVirtualHosts() {
		if slices.ContainsFunc(host.GetRateLimits(), adds) {
			found = append(found, observation{fmt.Sprintf("%s, virtual host %q", p.where(), host.GetName()), problem})
		}
	}
	for _, r := range p.routes {
		if r.enabled && slices.ContainsFunc(r.route.GetRoute().GetRateLimits(), adds) {
			found = append(found, observation{r.where, problem})
		}
	}
	return found
}
