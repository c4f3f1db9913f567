package envoy

import (
	"net/http"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// HTTPConnectionManager serves HTTP/1.1 and HTTP/2 to clients and runs the filters.
func HTTPConnectionManager(cfg Config) (*hcmv3.HttpConnectionManager, error) {
	extProc, err := Filter()
	if err != nil {
		return nil, err
	}
	router, err := pack(&routerv3.Router{})
	if err != nil {
		return nil, err
	}
	replies, err := LocalReplies()
	if err != nil {
		return nil, err
	}
	log, err := AccessLog(cfg.accessLog())
	if err != nil {
		return nil, err
	}
	routes, err := Routes()
	if err != nil {
		return nil, err
	}
	manager := &hcmv3.HttpConnectionManager{
		StatPrefix:       ListenerName,
		CodecType:        hcmv3.HttpConnectionManager_AUTO,
		AccessLog:        log,
		LocalReplyConfig: replies,
		RouteSpecifier:   &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: routes},
		HttpFilters: []*hcmv3.HttpFilter{
			extProc,
			{Name: "envoy.filters.http.router", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: router}},
		},
		UseRemoteAddress: wrapperspb.Bool(true),
		// Keep the client's X-Request-Id.
		PreserveExternalRequestId:  true,
		ServerHeaderTransformation: hcmv3.HttpConnectionManager_PASS_THROUGH,
		HttpProtocolOptions:        &corev3.Http1ProtocolOptions{EnableTrailers: true},
	}
	setTimeouts(manager, cfg)
	normalizePath(manager)
	return manager, nil
}

// setTimeouts allows for slow models, but not for clients that send nothing. There is
// no request timeout: for requests with trailers it would include the wait for a whole
// answer.
func setTimeouts(m *hcmv3.HttpConnectionManager, cfg Config) {
	m.StreamIdleTimeout = durationpb.New(cfg.streamIdleTimeout())
	// For the rest of an answer, if the client reads slowly or has stopped reading.
	m.StreamFlushTimeout = durationpb.New(5 * time.Minute)
	m.RequestTimeout = durationpb.New(0)
	m.RequestHeadersTimeout = durationpb.New(10 * time.Second)
	m.CommonHttpProtocolOptions = &corev3.HttpProtocolOptions{
		IdleTimeout: durationpb.New(time.Hour),
		// "x_aws_region" must not be taken for "x-aws-region".
		HeadersWithUnderscoresAction: corev3.HttpProtocolOptions_REJECT_REQUEST,
	}
}

// normalizePath makes equivalent paths equal before filters and routes match them. Escaped
// slashes stay as they are: AWS's SDKs escape those of an ARN, which is one segment of a
// path. Routes and filters match the escaped path.
func normalizePath(m *hcmv3.HttpConnectionManager) {
	m.NormalizePath = wrapperspb.Bool(true)
	m.MergeSlashes = true
	m.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_KEEP_UNCHANGED
}

// Routes sends every request to the sidecar, whatever its host and path. That is right
// for a listener of its own: it has no other service and no authorization per route that
// a request could miss, and unknown paths get the sidecar's JSON. In a listener with
// other routes, use Route.
func Routes() (*routev3.RouteConfiguration, error) {
	route, err := Route("/")
	if err != nil {
		return nil, err
	}
	return &routev3.RouteConfiguration{
		Name:         ListenerName,
		VirtualHosts: []*routev3.VirtualHost{{Name: ListenerName, Domains: []string{"*"}, Routes: []*routev3.Route{route}}},
	}, nil
}

// Prefixes are the path prefixes of the sidecar's APIs, for a virtual host that has other
// services, too: the agentic gateway's API, OpenAI's for clients whose base URL ends
// with /v1, with /openai/v1 and without either, and Anthropic's, which is below /v1/, too.
func Prefixes() []string {
	return []string{"/api/v1/llm/", "/v1/", "/openai/v1/", "/chat/completions", "/responses", "/anthropic/v1/", "/model/"}
}

// Route enables the filter for paths with a prefix. Its own answer is the fallback, a
// 503, if the filter is bypassed. Envoy's cors and ratelimit filters ignore routes
// without a cluster: to use them, set Action to a cluster without endpoints, which
// answers 503, too.
func Route(prefix string) (*routev3.Route, error) {
	enabled, err := pack(Enabled())
	if err != nil {
		return nil, err
	}
	return &routev3.Route{
		Name:  ListenerName,
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: prefix}},
		Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{
			Status: http.StatusServiceUnavailable,
		}},
		TypedPerFilterConfig: map[string]*anypb.Any{FilterName: enabled},
	}, nil
}
