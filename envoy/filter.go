package envoy

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	previoushostsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/retry/host/previous_hosts/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// FilterName is the name of the ext_proc filter in a filter chain.
const FilterName = "envoy.filters.http.ext_proc"

// Filter is the HTTP filter that sends requests to the sidecar. Put it after
// authentication, authorization and rate limits and before the router: filters
// after it never see a request.
//
// It is disabled, and runs only on routes that enable it, such as Route's. Otherwise it
// would answer the requests of all other routes of the listener, and also requests
// that no route matches, to which no authorization of a route applies.
func Filter() (*hcmv3.HttpFilter, error) {
	config, err := pack(ExternalProcessor())
	if err != nil {
		return nil, err
	}
	return &hcmv3.HttpFilter{Name: FilterName, Disabled: true, ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: config}}, nil
}

// ExternalProcessor is the filter's configuration. Identity sources in the
// sidecar's configuration must be forwarded here: dynamic metadata with
// ForwardingNamespaces, attributes with RequestAttributes. By default it forwards
// the claims verified by jwt_authn and the attributes below. Callers can append
// more, see the example.
func ExternalProcessor() *extprocv3.ExternalProcessor {
	return &extprocv3.ExternalProcessor{
		GrpcService: &corev3.GrpcService{
			TargetSpecifier: &corev3.GrpcService_EnvoyGrpc_{
				EnvoyGrpc: &corev3.GrpcService_EnvoyGrpc{ClusterName: ClusterName},
			},
			RetryPolicy: connectAgain(),
		},
		StatPrefix: MetadataNamespace,
		// The only mode in which a server can stream an answer to a request with a
		// body. It requires trailers, which may end the request.
		ProcessingMode: &extprocv3.ProcessingMode{
			RequestHeaderMode:   extprocv3.ProcessingMode_SEND,
			RequestBodyMode:     extprocv3.ProcessingMode_FULL_DUPLEX_STREAMED,
			RequestTrailerMode:  extprocv3.ProcessingMode_SEND,
			ResponseHeaderMode:  extprocv3.ProcessingMode_SKIP,
			ResponseBodyMode:    extprocv3.ProcessingMode_NONE,
			ResponseTrailerMode: extprocv3.ProcessingMode_SKIP,
		},
		// Not used in this mode. In other modes, the default of 200 ms would end every
		// call.
		MessageTimeout: durationpb.New(10 * time.Minute),
		StatusOnError:  &typev3.HttpStatus{Code: typev3.StatusCode_ServiceUnavailable},
		// Unlike headers, clients cannot forge attributes.
		RequestAttributes: []string{
			"request.id", "source.address", "connection.requested_server_name",
			"connection.uri_san_peer_certificate", "xds.route_name",
		},
		MetadataOptions: &extprocv3.MetadataOptions{
			ForwardingNamespaces: namespaces("envoy.filters.http.jwt_authn"),
			ReceivingNamespaces:  namespaces(MetadataNamespace),
		},
		ForwardRules: &extprocv3.HeaderForwardingRules{
			DisallowedHeaders: exactly("authorization", "cookie", "proxy-authorization"),
		},
		RouteCacheAction: extprocv3.ExternalProcessor_RETAIN,
	}
}

// Enabled is the per-route configuration that enables the filter and changes nothing
// else. Backend enables it, too.
func Enabled() *extprocv3.ExtProcPerRoute {
	return &extprocv3.ExtProcPerRoute{Override: &extprocv3.ExtProcPerRoute_Overrides{Overrides: &extprocv3.ExtProcOverrides{}}}
}

// Disabled is the per-route configuration that disables the filter where a virtual host
// enables it.
func Disabled() *extprocv3.ExtProcPerRoute {
	return &extprocv3.ExtProcPerRoute{Override: &extprocv3.ExtProcPerRoute_Disabled{Disabled: true}}
}

// connectAgain retries calls for which Envoy could not connect to a sidecar, at another
// one if there is one. The sidecar has seen nothing of these calls, so none runs
// twice. Envoy does not retry calls whose body is larger than its buffer.
func connectAgain() *corev3.RetryPolicy {
	predicate := (&previoushostsv3.PreviousHostsPredicate{}).ProtoReflect().Descriptor().FullName()
	return &corev3.RetryPolicy{
		RetryOn:    "connect-failure",
		NumRetries: wrapperspb.UInt32(1),
		RetryHostPredicate: []*corev3.RetryPolicy_RetryHostPredicate{{
			Name: "envoy.retry_host_predicates.previous_hosts",
			ConfigType: &corev3.RetryPolicy_RetryHostPredicate_TypedConfig{
				TypedConfig: &anypb.Any{TypeUrl: "type.googleapis.com/" + string(predicate)}, // an empty message has no bytes
			},
		}},
		HostSelectionRetryMaxAttempts: 3,
	}
}

func namespaces(names ...string) *extprocv3.MetadataOptions_MetadataNamespaces {
	return &extprocv3.MetadataOptions_MetadataNamespaces{Untyped: names}
}

func exactly(names ...string) *matcherv3.ListStringMatcher {
	list := &matcherv3.ListStringMatcher{}
	for _, name := range names {
		list.Patterns = append(list.Patterns, &matcherv3.StringMatcher{
			MatchPattern: &matcherv3.StringMatcher_Exact{Exact: name},
		})
	}
	return list
}

// Backend is the per-route configuration that selects one of the sidecar's
// backends. It overrides the client's choice.
func Backend(name string) *extprocv3.ExtProcPerRoute {
	return &extprocv3.ExtProcPerRoute{Override: &extprocv3.ExtProcPerRoute_Overrides{
		Overrides: &extprocv3.ExtProcOverrides{
			GrpcInitialMetadata: []*corev3.HeaderValue{{Key: "bedrock-backend", Value: name}},
		},
	}}
}
