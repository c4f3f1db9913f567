package envoy_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/config/ratelimit/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	commonv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/common/ratelimit/v3"
	localv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/local_ratelimit/v3"
	globalv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ratelimit/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	rlsv3 "github.com/envoyproxy/go-control-plane/envoy/service/ratelimit/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bedrock-extproc/envoy"
	"bedrock-extproc/tests/envoytest"
)

// TestOverload has one call in progress where the cluster allows one.
func TestOverload(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	s := startSidecar(t, func(x *call) error {
		close(begun)
		<-end
		return x.immediate(200, "bedrock_extproc_ok", "fine", nil)
	})
	e := envoytest.Start(t, s.address, func(b *bootstrapv3.Bootstrap) {
		b.GetStaticResources().GetClusters()[0].GetCircuitBreakers().GetThresholds()[0].MaxRequests = wrapperspb.UInt32(1)
	})
	first := make(chan int)
	go func() { first <- post(t, http.DefaultClient, e.URL).StatusCode }()
	<-begun
	f := expectFailure(t, post(t, http.DefaultClient, e.URL), http.StatusServiceUnavailable, "envoy_overloaded")
	if f.Error.Retryable == nil || !*f.Error.Retryable {
		t.Error("not retryable")
	}
	close(end)
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first call: status %d", status)
	}
}

// untilReset is how long the limiter's limit lasts.
const untilReset = 67118 * time.Second

// limiter is a rate limit service whose limits are all used up.
type limiter struct {
	rlsv3.UnimplementedRateLimitServiceServer
}

func (limiter) ShouldRateLimit(context.Context, *rlsv3.RateLimitRequest) (*rlsv3.RateLimitResponse, error) {
	return &rlsv3.RateLimitResponse{
		OverallCode: rlsv3.RateLimitResponse_OVER_LIMIT,
		Statuses: []*rlsv3.RateLimitResponse_DescriptorStatus{{
			Code:               rlsv3.RateLimitResponse_OVER_LIMIT,
			CurrentLimit:       &rlsv3.RateLimitResponse_RateLimit{RequestsPerUnit: 5, Unit: rlsv3.RateLimitResponse_RateLimit_DAY},
			DurationUntilReset: durationpb.New(untilReset),
		}},
	}, nil
}

// TestRateLimited checks that Envoy's 429 says when the limit resets where Envoy knows
// it, and nothing where it does not.
func TestRateLimited(t *testing.T) {
	s := startSidecar(t, func(x *call) error { return x.immediate(200, "bedrock_extproc_ok", "fine", nil) })
	service := startLimiter(t)
	for name, c := range map[string]struct {
		edit          func(*hcmv3.HttpConnectionManager)
		after, detail string
	}{
		"rate limit service": {func(m *hcmv3.HttpConnectionManager) { limitGlobally(t, m, globalv3.RateLimit_DRAFT_VERSION_03) }, "67118", "Try again in 67118 seconds."},
		"rate limit service without headers": {
			func(m *hcmv3.HttpConnectionManager) { limitGlobally(t, m, globalv3.RateLimit_OFF) }, "", "The gateway's rate limit is exceeded.",
		},
		"local rate limit": {
			func(m *hcmv3.HttpConnectionManager) { limitLocally(t, m) }, "", "The gateway's rate limit is exceeded.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := envoytest.Start(t, s.address, func(b *bootstrapv3.Bootstrap) {
				b.GetStaticResources().Clusters = append(b.GetStaticResources().GetClusters(), limiterCluster(t, service))
				editHCM(t, c.edit)(b)
			})
			if name == "local rate limit" {
				post(t, http.DefaultClient, e.URL) // takes the only token
			}
			for protocol, client := range clients() {
				resp := post(t, client, e.URL)
				f := expectFailure(t, resp, http.StatusTooManyRequests, "envoy_rate_limited")
				if got := resp.Header.Get("Retry-After"); got != c.after || !strings.HasSuffix(f.Detail, c.detail) || f.Error.Retryable == nil || !*f.Error.Retryable {
					t.Errorf("%s: Retry-After %q, want %q; %+v", protocol, got, c.after, f)
				}
			}
		})
	}
}

func startLimiter(t *testing.T) string {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, ended := grpc.NewServer(), make(chan struct{})
	rlsv3.RegisterRateLimitServiceServer(server, limiter{})
	go func() {
		defer close(ended)
		_ = server.Serve(lis) // Serve ends only by Stop
	}()
	t.Cleanup(func() { server.Stop(); <-ended })
	return lis.Addr().String()
}

func limiterCluster(t *testing.T, address string) *clusterv3.Cluster {
	t.Helper()
	c, err := envoy.Cluster(envoy.Config{ExtProc: address})
	if err != nil {
		t.Fatal(err)
	}
	c.Name, c.LoadAssignment.ClusterName, c.HealthChecks = "limiter", "limiter", nil
	return c
}

// limitGlobally adds the rate limit filter.
func limitGlobally(t *testing.T, m *hcmv3.HttpConnectionManager, headers globalv3.RateLimit_XRateLimitHeadersRFCVersion) {
	limit := &routev3.RateLimit{Actions: []*routev3.RateLimit_Action{{ActionSpecifier: &routev3.RateLimit_Action_GenericKey_{
		GenericKey: &routev3.RateLimit_Action_GenericKey{DescriptorValue: "calls"},
	}}}}
	// The filter ignores routes without a cluster.
	m.GetRouteConfig().GetVirtualHosts()[0].GetRoutes()[0].Action = &routev3.Route_Route{Route: &routev3.RouteAction{
		ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: "limiter"}, RateLimits: []*routev3.RateLimit{limit},
	}}
	addFirst(t, m, &globalv3.RateLimit{
		Domain: "test", EnableXRatelimitHeaders: headers,
		RateLimitService: &ratelimitv3.RateLimitServiceConfig{
			TransportApiVersion: corev3.ApiVersion_V3,
			GrpcService: &corev3.GrpcService{TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{
				EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: "limiter"},
			}},
		},
	})
}

// limitLocally adds the local rate limit filter, which lets one call pass.
func limitLocally(t *testing.T, m *hcmv3.HttpConnectionManager) {
	always := &corev3.RuntimeFractionalPercent{DefaultValue: &typev3.FractionalPercent{Numerator: 100}}
	addFirst(t, m, &localv3.LocalRateLimit{
		StatPrefix: "test", FilterEnabled: always, FilterEnforced: always,
		EnableXRatelimitHeaders: commonv3.XRateLimitHeadersRFCVersion_DRAFT_VERSION_03,
		TokenBucket:             &typev3.TokenBucket{MaxTokens: 1, FillInterval: durationpb.New(time.Hour)},
	})
}

func addFirst(t *testing.T, m *hcmv3.HttpConnectionManager, config proto.Message) {
	m.HttpFilters = append([]*hcmv3.HttpFilter{{Name: "limit", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(t, config)}}}, m.GetHttpFilters()...)
}
