package main

import (
	"strings"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/config/ratelimit/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	ratelimitfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	metadatav3 "github.com/envoyproxy/go-control-plane/envoy/type/metadata/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bedrock-extproc/envoy"
)

const (
	rateLimitFilter  = "envoy.filters.http.ratelimit"
	rateLimitCluster = "ratelimit"
	// rateLimitDomain must match the rate limit service's configuration.
	rateLimitDomain = "bedrock"
)

// budget is secure with budgets of tokens and of money per user, kept by a rate limit service.
func budget() (*bootstrapv3.Bootstrap, error) {
	b, err := secure()
	if err != nil {
		return nil, err
	}
	service, err := serviceCluster()
	if err != nil {
		return nil, err
	}
	b.StaticResources.Clusters = append(b.StaticResources.Clusters, service, emptyCluster())
	return b, editManager(b, func(m *hcmv3.HttpConnectionManager) error { return limitSpending(m, subject, tokens, money) })
}

// limitSpending adds the rate limit filter before ext_proc, with budgets for each caller.
func limitSpending(m *hcmv3.HttpConnectionManager, of caller, budgets ...userBudget) error {
	limit, err := filter(rateLimitFilter, rateLimit())
	if err != nil {
		return err
	}
	insert(m, limit)
	host := m.GetRouteConfig().GetVirtualHosts()[0]
	var checks, spends []*routev3.RateLimit
	for _, b := range budgets {
		checks, spends = append(checks, b.check(of)), append(spends, b.spend(of))
	}
	// Envoy ignores hits_addend in the virtual host's own rate_limits.
	limits, err := anypb.New(&ratelimitfilterv3.RateLimitPerRoute{RateLimits: append(checks, spends...)})
	if err != nil {
		return err
	}
	host.TypedPerFilterConfig = map[string]*anypb.Any{rateLimitFilter: limits}
	host.GetRoutes()[0].Action = toEmptyCluster()
	return nil
}

func rateLimit() *ratelimitfilterv3.RateLimit {
	return &ratelimitfilterv3.RateLimit{
		Domain:  rateLimitDomain,
		Timeout: durationpb.New(250 * time.Millisecond),
		// Without the service there is no record of what was spent.
		FailureModeDeny:         true,
		EnableXRatelimitHeaders: ratelimitfilterv3.RateLimit_DRAFT_VERSION_03,
		RateLimitService: &ratelimitv3.RateLimitServiceConfig{
			TransportApiVersion: corev3.ApiVersion_V3,
			GrpcService: &corev3.GrpcService{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{
				EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: rateLimitCluster},
			}},
		},
	}
}

// A caller's name is in the dynamic metadata of a namespace, at a path.
type caller struct {
	namespace string
	path      []string
}

// operator returns the caller's name in Envoy's access log.
func (c caller) operator() string {
	return "%DYNAMIC_METADATA(" + strings.Join(append([]string{c.namespace}, c.path...), ":") + ")%"
}

// A budget of a user, kept by a counter of the rate limit service: fact is what a call
// adds to it.
type userBudget struct{ counter, fact string }

var (
	tokens = userBudget{"tokens_of_user", "total_tokens"}
	money  = userBudget{"cost_of_user", "cost_micros"}
)

// check runs before a call. It adds no hits, so it only rejects calls if the budget is used
// up.
func (b userBudget) check(of caller) *routev3.RateLimit {
	return &routev3.RateLimit{Actions: b.actions(of), HitsAddend: &routev3.RateLimit_HitsAddend{Number: wrapperspb.UInt64(0)}}
}

// spend runs after a call and adds what the sidecar reported.
func (b userBudget) spend(of caller) *routev3.RateLimit {
	return &routev3.RateLimit{
		Actions:           b.actions(of),
		HitsAddend:        &routev3.RateLimit_HitsAddend{Format: "%DYNAMIC_METADATA(" + envoy.MetadataNamespace + ":" + b.fact + ")%"},
		ApplyOnStreamDone: true,
	}
}

// actions name the counter: one per caller. Probes have no caller and no counter.
func (b userBudget) actions(of caller) []*routev3.RateLimit_Action {
	var path []*metadatav3.MetadataKey_PathSegment
	for _, name := range of.path {
		path = append(path, &metadatav3.MetadataKey_PathSegment{Segment: &metadatav3.MetadataKey_PathSegment_Key{Key: name}})
	}
	return []*routev3.RateLimit_Action{{ActionSpecifier: &routev3.RateLimit_Action_Metadata{Metadata: &routev3.RateLimit_Action_MetaData{
		DescriptorKey: b.counter,
		MetadataKey:   &metadatav3.MetadataKey{Key: of.namespace, Path: path},
	}}}}
}

// serviceCluster is the rate limit service's cluster.
func serviceCluster() (*clusterv3.Cluster, error) {
	c, err := envoy.Cluster(envoy.Config{ExtProc: "127.0.0.1:8081"})
	if err != nil {
		return nil, err
	}
	// Without pings: the service closes connections that have more than one in five
	// minutes.
	http2, err := anypb.New(&httpv3.HttpProtocolOptions{UpstreamProtocolOptions: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_{
		ExplicitHttpConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig{
			ProtocolConfig: &httpv3.HttpProtocolOptions_ExplicitHttpConfig_Http2ProtocolOptions{Http2ProtocolOptions: &corev3.Http2ProtocolOptions{}},
		},
	}})
	if err != nil {
		return nil, err
	}
	for name := range c.TypedExtensionProtocolOptions {
		c.TypedExtensionProtocolOptions[name] = http2
	}
	c.Name, c.LoadAssignment.ClusterName = rateLimitCluster, rateLimitCluster
	c.HealthChecks, c.OutlierDetection, c.CircuitBreakers, c.PerConnectionBufferLimitBytes = nil, nil, nil, nil
	return c, nil
}
