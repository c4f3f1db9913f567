package doctor

import (
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	listenerWhere = `listener "bedrock"`
	filterWhere   = `listener "bedrock", filter "envoy.filters.http.ext_proc"`
	clusterWhere  = `cluster "bedrock_extproc"`
)

func cutID(line string) (id, rest string, ok bool) { return strings.Cut(line, ": ") }

func brokenVersions() []broken {
	release := func(minor, patch uint32) func(*testing.T, *site) {
		return func(_ *testing.T, s *site) { s.version.MinorNumber, s.version.Patch = minor, patch }
	}
	failOpen := ": if the call to the sidecar cannot be set up, the request continues to the fallback route, even without failure_mode_allow"
	cve := ": it has CVE-2026-47207: a server that violates the protocol can crash it"
	return []broken{
		{"1.36", release(36, 9), []string{"envoy-version: Envoy 1.36.9: it cannot stream answers: every stream fails with 500 or continues to the fallback route"}},
		{"1.37 without the fix", release(37, 4), []string{"envoy-version-fail-open: Envoy 1.37.4" + failOpen, "envoy-cve-2026-47207: Envoy 1.37.4" + cve}},
		{"1.38 without the fix", release(38, 2), []string{"envoy-version-fail-open: Envoy 1.38.2" + failOpen, "envoy-cve-2026-47207: Envoy 1.38.2" + cve}},
		{"1.38 with the fix", release(38, 3), []string{"envoy-version-fail-open: Envoy 1.38.3" + failOpen}},
		{"1.39", release(39, 0), []string{}},
		{"2.0", func(_ *testing.T, s *site) { s.version.MajorNumber, s.version.MinorNumber = 2, 0 }, []string{}},
		{"no version", func(_ *testing.T, s *site) { s.version = nil }, []string{`envoy-version-unknown: Envoy: its version ("") is unknown and was not checked`}},
	}
}

// brokenFilters change one field of the filter.
func brokenFilters() []broken {
	field := func(id, problem string, change func(*extprocv3.ExternalProcessor)) broken {
		return broken{
			id + " " + problem,
			func(_ *testing.T, s *site) { change(s.config) },
			[]string{id + ": " + filterWhere + ": " + problem},
		}
	}
	buffered := "body-mode-buffered: " + filterWhere + ": request_body_mode is BUFFERED"
	smallBuffer := "buffer-limit: " + listenerWhere + ": per_connection_buffer_limit_bytes is 262144"
	return []broken{
		field("body-mode", "request_body_mode is STREAMED", func(f *extprocv3.ExternalProcessor) {
			f.ProcessingMode.RequestBodyMode = extprocv3.ProcessingMode_STREAMED
		}),
		field("body-mode", "request_body_mode is NONE", func(f *extprocv3.ExternalProcessor) {
			f.ProcessingMode.RequestBodyMode = extprocv3.ProcessingMode_NONE
		}),
		{
			"BUFFERED",
			func(_ *testing.T, s *site) {
				s.config.ProcessingMode.RequestBodyMode = extprocv3.ProcessingMode_BUFFERED
				s.listener.PerConnectionBufferLimitBytes = wrapperspb.UInt32(largestRequest)
			},
			[]string{buffered},
		},
		{
			"BUFFERED with a small buffer",
			func(_ *testing.T, s *site) {
				s.config.ProcessingMode.RequestBodyMode = extprocv3.ProcessingMode_BUFFERED
			},
			[]string{buffered, smallBuffer},
		},
		{
			"BUFFERED with Envoy's defaults",
			func(_ *testing.T, s *site) {
				s.config.ProcessingMode.RequestBodyMode = extprocv3.ProcessingMode_BUFFERED
				s.config.MessageTimeout = nil
				s.listener.PerConnectionBufferLimitBytes = nil
			},
			[]string{
				"message-timeout: " + filterWhere + ": message_timeout is 200ms, and an answer may take 5m0s",
				buffered, "buffer-limit: " + listenerWhere + ": per_connection_buffer_limit_bytes is 1048576",
			},
		},
		{"no message_timeout", func(_ *testing.T, s *site) { s.config.MessageTimeout = nil }, []string{}}, // it does not apply
		field("request-headers", "request_header_mode is SKIP", func(f *extprocv3.ExternalProcessor) {
			f.ProcessingMode.RequestHeaderMode = extprocv3.ProcessingMode_SKIP
		}),
		field("request-trailers", "request_trailer_mode is DEFAULT", func(f *extprocv3.ExternalProcessor) {
			f.ProcessingMode.RequestTrailerMode = extprocv3.ProcessingMode_DEFAULT
		}),
		field("response-mode", "response_header_mode is DEFAULT, response_body_mode is NONE, response_trailer_mode is SKIP", func(f *extprocv3.ExternalProcessor) {
			f.ProcessingMode.ResponseHeaderMode = extprocv3.ProcessingMode_DEFAULT
		}),
		field("failure-mode", "failure_mode_allow is true", func(f *extprocv3.ExternalProcessor) { f.FailureModeAllow = true }),
		field("observability-mode", "observability_mode is true", func(f *extprocv3.ExternalProcessor) { f.ObservabilityMode = true }),
		field("immediate-response", "disable_immediate_response is true", func(f *extprocv3.ExternalProcessor) { f.DisableImmediateResponse = true }),
		field("grpc-service", "it has no grpc_service with a target", func(f *extprocv3.ExternalProcessor) { f.GrpcService = nil }),
		field("google-grpc", `it calls "127.0.0.1:9002" with google_grpc`, func(f *extprocv3.ExternalProcessor) {
			f.GrpcService = &corev3.GrpcService{TargetSpecifier: &corev3.GrpcService_GoogleGrpc_{
				GoogleGrpc: &corev3.GrpcService_GoogleGrpc{TargetUri: "127.0.0.1:9002"},
			}}
		}),
		field("max-receive-message", "max_receive_message_length is 4194304", func(f *extprocv3.ExternalProcessor) {
			f.GrpcService.GetEnvoyGrpc().MaxReceiveMessageLength = wrapperspb.UInt32(4 << 20)
		}),
		field("grpc-retry", `retry_policy of grpc_service has retry_on "connect-failure, unavailable"`, func(f *extprocv3.ExternalProcessor) {
			f.GrpcService.RetryPolicy.RetryOn = "connect-failure, unavailable"
		}),
		field("metadata-receiving", "receiving_namespaces lacks bedrock, so the sidecar's metadata is dropped", func(f *extprocv3.ExternalProcessor) {
			f.MetadataOptions.ReceivingNamespaces = nil
		}),
		field("forward-rules", "forward_rules do not forward :method, :path", func(f *extprocv3.ExternalProcessor) {
			f.ForwardRules.AllowedHeaders = allow(&matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: "x-provider"}})
		}),
		field("forward-rules", "forward_rules do not forward :path", func(f *extprocv3.ExternalProcessor) {
			f.ForwardRules.DisallowedHeaders = allow(&matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Contains{Contains: "PATH"}, IgnoreCase: true})
		}),
		{
			"allowed headers",
			func(_ *testing.T, s *site) {
				s.config.ForwardRules.DisallowedHeaders = allow(
					&matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: "path"}}},
				)
				s.config.ForwardRules.AllowedHeaders = allow(
					&matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_SafeRegex{SafeRegex: &matcherv3.RegexMatcher{Regex: ":meth.*|x"}}},
					&matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Prefix{Prefix: ":pa"}},
				)
			},
			[]string{},
		},
		field("route-cache", "route_cache_action is CLEAR", func(f *extprocv3.ExternalProcessor) {
			f.RouteCacheAction = extprocv3.ExternalProcessor_CLEAR
		}),
		{
			"BUFFERED with a large buffer on the route",
			func(_ *testing.T, s *site) {
				s.config.ProcessingMode.RequestBodyMode = extprocv3.ProcessingMode_BUFFERED
				s.route().RequestBodyBufferLimit = wrapperspb.UInt64(largestRequest)
			},
			[]string{buffered},
		},
		{
			"BUFFERED with a large buffer on the host",
			func(_ *testing.T, s *site) {
				s.config.ProcessingMode.RequestBodyMode = extprocv3.ProcessingMode_BUFFERED
				s.routes.GetVirtualHosts()[0].RequestBodyBufferLimit = wrapperspb.UInt64(largestRequest)
			},
			[]string{buffered},
		},
		{
			"identity",
			func(t *testing.T, s *site) {
				s.insert(0, jwt(t, map[string]string{"a": "jwt_payload"}), &hcmv3.HttpFilter{Name: "envoy.filters.http.ext_authz"})
				s.options.Metadata = [][]string{{"envoy.filters.http.jwt_authn", "jwt_payload", "sub"}, {"envoy.filters.http.ext_authz", "user"}}
				s.options.Attributes = []string{"request.id", "source.principal"}
			},
			[]string{
				"identity-metadata: " + filterWhere + ": forwarding_namespaces lacks envoy.filters.http.ext_authz",
				"identity-attributes: " + filterWhere + ": request_attributes lacks source.principal",
			},
		},
		{
			"-cluster names another cluster",
			func(_ *testing.T, s *site) { s.options.Cluster = "other" },
			[]string{`filter-missing: Envoy: no ext_proc filter calls cluster "other"`},
		},
		{
			"no filter",
			func(_ *testing.T, s *site) { s.manager.HttpFilters = s.manager.GetHttpFilters()[1:] },
			[]string{"filter-missing: Envoy: no listener has an ext_proc filter"},
		},
		{
			"no HTTP",
			func(_ *testing.T, s *site) { s.listener.FilterChains = nil },
			[]string{"filter-missing: Envoy: no listener has an HTTP connection manager"},
		},
		{
			"a filter that ECDS has not delivered",
			func(_ *testing.T, s *site) {
				s.manager.HttpFilters = append([]*hcmv3.HttpFilter{{
					Name: "late",
					ConfigType: &hcmv3.HttpFilter_ConfigDiscovery{
						ConfigDiscovery: &corev3.ExtensionConfigSource{TypeUrls: []string{extProcURL}},
					},
				}}, s.manager.GetHttpFilters()...)
			},
			[]string{`filter-unread: listener "bedrock", filter "late": its configuration is unknown (type "")`},
		},
		{
			"a long answer",
			func(_ *testing.T, s *site) { s.options.LongestAnswer = 20 * time.Minute },
			[]string{"stream-idle-timeout: " + listenerWhere + ": stream_idle_timeout is 10m0s, and an answer may take 20m0s"},
		},
		{
			"a short stream_idle_timeout",
			func(_ *testing.T, s *site) { s.manager.StreamIdleTimeout = durationpb.New(30 * time.Second) },
			[]string{"stream-idle-timeout: " + listenerWhere + ": stream_idle_timeout is 30s, and an answer may take 5m0s"},
		},
		{"Envoy's stream_idle_timeout", func(_ *testing.T, s *site) { s.manager.StreamIdleTimeout = nil }, []string{}},
		{
			"Envoy's stream_idle_timeout, and a longer answer",
			func(_ *testing.T, s *site) { s.manager.StreamIdleTimeout, s.options.LongestAnswer = nil, 6*time.Minute },
			[]string{"stream-idle-timeout: " + listenerWhere + ": stream_idle_timeout is 5m0s, and an answer may take 6m0s"},
		},
		{"no stream_idle_timeout", func(_ *testing.T, s *site) { s.manager.StreamIdleTimeout = durationpb.New(0) }, []string{}},
		{
			"request_timeout",
			func(_ *testing.T, s *site) { s.manager.RequestTimeout = durationpb.New(time.Minute) },
			[]string{"request-timeout: " + listenerWhere + ": request_timeout is 1m0s, and an answer may take 5m0s"},
		},
		{
			"max_stream_duration",
			func(_ *testing.T, s *site) {
				s.manager.CommonHttpProtocolOptions.MaxStreamDuration = durationpb.New(time.Minute)
			},
			[]string{"max-stream-duration: " + listenerWhere + ": max_stream_duration is 1m0s, and an answer may take 5m0s"},
		},
	}
}

func allow(patterns ...*matcherv3.StringMatcher) *matcherv3.ListStringMatcher {
	return &matcherv3.ListStringMatcher{Patterns: patterns}
}
