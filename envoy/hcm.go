package envoy

import (
	"net/http"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// HTTPConnectionManager terminates the clients' HTTP/1.1 and HTTP/2 and runs the
// filters.
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
	manager := &hcmv3.HttpConnectionManager{
		StatPrefix:       ListenerName,
		CodecType:        hcmv3.HttpConnectionManager_AUTO,
		AccessLog:        log,
		LocalReplyConfig: replies,
		RouteSpecifier:   &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: Routes()},
		HttpFilters: []*hcmv3.HttpFilter{
			extProc,
			{Name: "envoy.filters.http.router", ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: router}},
		},
		UseRemoteAddress: wrapperspb.Bool(true),
		// A client's own X-Request-Id is echoed, not replaced.
		PreserveExternalRequestId:  true,
		ServerHeaderTransformation: hcmv3.HttpConnectionManager_PASS_THROUGH,
		HttpProtocolOptions:        &corev3.Http1ProtocolOptions{EnableTrailers: true},
	}
	setTimeouts(manager, cfg)
	normalise(manager)
	return manager, nil
}

// setTimeouts leaves time for a model to think and none for a client that does
// not speak. There is no limit on a whole request: it would count the answer.
func setTimeouts(m *hcmv3.HttpConnectionManager, cfg Config) {
	m.StreamIdleTimeout = durationpb.New(cfg.streamIdleTimeout())
	// The end of an answer, to a client that has stopped reading.
	m.StreamFlushTimeout = durationpb.New(time.Minute)
	m.RequestTimeout = durationpb.New(0)
	m.RequestHeadersTimeout = durationpb.New(10 * time.Second)
	m.CommonHttpProtocolOptions = &corev3.HttpProtocolOptions{
		IdleTimeout: durationpb.New(time.Hour),
		// "x_aws_region" must not pass for "x-aws-region".
		HeadersWithUnderscoresAction: corev3.HttpProtocolOptions_REJECT_REQUEST,
	}
}

// normalise makes one path of its spellings, before anything decides by it.
func normalise(m *hcmv3.HttpConnectionManager) {
	m.NormalizePath = wrapperspb.Bool(true)
	m.MergeSlashes = true
	m.PathWithEscapedSlashesAction = hcmv3.HttpConnectionManager_REJECT_REQUEST
}

// Routes sends every path through the filters. The sidecar answers, unknown paths
// too; the answer here is seen only if the ext_proc filter was skipped, and is an
// alarm.
func Routes() *routev3.RouteConfiguration {
	return &routev3.RouteConfiguration{
		Name: ListenerName,
		VirtualHosts: []*routev3.VirtualHost{{
			Name:    ListenerName,
			Domains: []string{"*"},
			Routes: []*routev3.Route{{
				Name:  ListenerName,
				Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: "/"}},
				Action: &routev3.Route_DirectResponse{DirectResponse: &routev3.DirectResponseAction{
					Status: http.StatusServiceUnavailable,
				}},
			}},
		}},
	}
}
