package main

import (
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/config/ratelimit/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	ratelimitfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	metadatav3 "github.com/envoyproxy/go-control-plane/envoy/type/metadata/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bedrock-extproc/envoy"
)

const (
	rateLimitFilter  = "envoy.filters.http.ratelimit"
	rateLimitCluster = "ratelimit"
	nobodyCluster    = "nobody"
	// rateLimitDomain is that of the rate limit service's configuration.
	rateLimitDomain = "bedrock"
)

// budget is secure, with a budget of tokens for each user that a rate limit service
// keeps.
func budget() (*bootstrapv3.Bootstrap, error) {
	b, err := secure()
	if err != nil {
		return nil, err
	}
	service, err := serviceCluster()
	if err != nil {
		return nil, err
	}
	b.StaticResources.Clusters = append(b.StaticResources.Clusters, service, nobody())
	return b, editManager(b, limitTokens)
}

// limitTokens puts the budget in front of the sidecar.
func limitTokens(m *hcmv3.HttpConnectionManager) error {
	limit, err := filter(rateLimitFilter, rateLimit())
	if err != nil {
		return err
	}
	insert(m, limit)
	host := m.GetRouteConfig().GetVirtualHosts()[0]
	// Not in the host's rate_limits, where hits_addend counts for nothing.
	limits, err := anypb.New(&ratelimitfilterv3.RateLimitPerRoute{RateLimits: []*routev3.RateLimit{ask(), spend()}})
	if err != nil {
		return err
	}
	host.TypedPerFilterConfig = map[string]*anypb.Any{rateLimitFilter: limits}
	host.GetRoutes()[0].Action = &routev3.Route_Route{Route: &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: nobodyCluster},
	}}
	return nil
}

func rateLimit() *ratelimitfilterv3.RateLimit {
	return &ratelimitfilterv3.RateLimit{
		Domain:  rateLimitDomain,
		Timeout: durationpb.New(250 * time.Millisecond),
		// Without the service nobody knows what is spent.
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

// nobody is the cluster of the route behind, which answers 503 like a direct
// response: Envoy's rate limit filter leaves requests alone whose route has no
// cluster.
func nobody() *clusterv3.Cluster {
	return &clusterv3.Cluster{
		Name:                 nobodyCluster,
		ClusterDiscoveryType: &clusterv3.Cluster_Type{Type: clusterv3.Cluster_STATIC},
		LoadAssignment:       &endpointv3.ClusterLoadAssignment{ClusterName: nobodyCluster},
	}
}

// ask is done before a call: is there something left? It adds nothing.
func ask() *routev3.RateLimit {
	return &routev3.RateLimit{
		Actions:    tokensOfUser(),
		HitsAddend: &routev3.RateLimit_HitsAddend{Number: wrapperspb.UInt64(0)},
	}
}

// spend is done after a call, with the tokens that Bedrock has counted.
func spend() *routev3.RateLimit {
	return &routev3.RateLimit{
		Actions:           tokensOfUser(),
		HitsAddend:        &routev3.RateLimit_HitsAddend{Format: "%DYNAMIC_METADATA(" + envoy.MetadataNamespace + ":total_tokens)%"},
		ApplyOnStreamDone: true,
	}
}

// tokensOfUser is the counter: one for each subject of a token. Requests without
// one, which are probes, have none.
func tokensOfUser() []*routev3.RateLimit_Action {
	key := func(name string) *metadatav3.MetadataKey_PathSegment {
		return &metadatav3.MetadataKey_PathSegment{Segment: &metadatav3.MetadataKey_PathSegment_Key{Key: name}}
	}
	return []*routev3.RateLimit_Action{{ActionSpecifier: &routev3.RateLimit_Action_Metadata{Metadata: &routev3.RateLimit_Action_MetaData{
		DescriptorKey: "tokens_of_user",
		MetadataKey:   &metadatav3.MetadataKey{Key: jwtFilter, Path: []*metadatav3.MetadataKey_PathSegment{key(payloadKey), key("sub")}},
	}}}}
}

// serviceCluster is the rate limit service: HTTP/2, like the sidecar.
func serviceCluster() (*clusterv3.Cluster, error) {
	c, err := envoy.Cluster(envoy.Config{ExtProc: "127.0.0.1:8081"})
	if err != nil {
		return nil, err
	}
	c.Name, c.LoadAssignment.ClusterName = rateLimitCluster, rateLimitCluster
	c.HealthChecks, c.CircuitBreakers, c.PerConnectionBufferLimitBytes = nil, nil, nil
	return c, nil
}
