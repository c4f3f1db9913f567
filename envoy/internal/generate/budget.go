package main

import (
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/config/ratelimit/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	ratelimitfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	metadatav3 "github.com/envoyproxy/go-control-plane/envoy/type/metadata/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bedrock-extproc/envoy"
)

const (
	rateLimitCluster = "ratelimit"
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
	b.StaticResources.Clusters = append(b.StaticResources.Clusters, service)
	return b, editManager(b, func(m *hcmv3.HttpConnectionManager) error {
		limit, err := filter("envoy.filters.http.ratelimit", &ratelimitfilterv3.RateLimit{
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
		})
		if err != nil {
			return err
		}
		insert(m, limit)
		m.GetRouteConfig().GetVirtualHosts()[0].RateLimits = []*routev3.RateLimit{ask(), spend()}
		return nil
	})
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
