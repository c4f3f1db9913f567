package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"

	"bedrock-extproc/envoy"
)

// smallestReply is the message size, in bytes, that a whole answer may need.
const smallestReply = 32 << 20

// filterChecks check the rest of the filter's configuration.
func filterChecks() []check {
	return []check{
		{
			"failure-mode", Error,
			"failure_mode_allow: if the sidecar fails, requests continue to the fallback route",
			"Remove failure_mode_allow, or set it to false, on the filter and on all routes.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetFailureModeAllow(), "failure_mode_allow is true")
			}),
		},
		{
			"observability-mode", Error,
			"observability_mode: Envoy ignores the sidecar's answers",
			"Remove observability_mode.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetObservabilityMode(), "observability_mode is true")
			}),
		},
		{
			"immediate-response", Error,
			"disable_immediate_response: Envoy treats every whole answer as an error",
			"Remove disable_immediate_response.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetDisableImmediateResponse(), "disable_immediate_response is true")
			}),
		},
		{
			"grpc-service", Error,
			"no gRPC service: http_service, which does not carry bodies, or nothing",
			"Set grpc_service.envoy_grpc.cluster_name to the sidecar's cluster.",
			eachSetting(func(_ *examination, s setting) string {
				g := s.config.GetGrpcService()
				return problemIf(g.GetEnvoyGrpc() == nil && g.GetGoogleGrpc() == nil, "it has no grpc_service with a target")
			}),
		},
		{
			"google-grpc", Warning,
			"google_grpc: it has no flow control for uploads, a 4 MB message limit, and no cluster settings",
			"Use grpc_service.envoy_grpc with a cluster.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetGrpcService().GetGoogleGrpc() != nil, "it calls "+target(s.config.GetGrpcService()))
			}),
		},
		{
			"max-receive-message", Warning,
			"max_receive_message_length below 32 MiB: larger whole answers, such as those with images, fail",
			"Remove grpc_service.envoy_grpc.max_receive_message_length; there is no limit by default.",
			eachSetting(func(_ *examination, s setting) string {
				limit := s.config.GetGrpcService().GetEnvoyGrpc().GetMaxReceiveMessageLength().GetValue()
				return problemIf(limit > 0 && limit < smallestReply, fmt.Sprintf("max_receive_message_length is %d", limit))
			}),
		},
		{
			"grpc-retry", Warning,
			"a retry_policy in grpc_service for more than connections that fail: a retried call runs, and bills, the model twice",
			"Set retry_on of grpc_service.retry_policy to connect-failure only. The sidecar itself retries calls that were not billed.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(retriesCalls(s.config.GetGrpcService().GetRetryPolicy()), "retry_policy of grpc_service has retry_on "+strconv.Quote(s.config.GetGrpcService().GetRetryPolicy().GetRetryOn()))
			}),
		},
		{
			"metadata-receiving", Warning,
			"receiving_namespaces lacks `bedrock`: access logs and rate limits do not get the model, tokens and errors",
			"Set metadata_options.receiving_namespaces.untyped: [bedrock].",
			eachSetting(func(_ *examination, s setting) string {
				names := s.config.GetMetadataOptions().GetReceivingNamespaces().GetUntyped()
				return problemIf(!slices.Contains(names, envoy.MetadataNamespace), "receiving_namespaces lacks bedrock, so the sidecar's metadata is dropped")
			}),
		},
		{
			"route-cache", Warning,
			"route_cache_action is CLEAR: the route may change after authorization has checked it",
			"Set route_cache_action: RETAIN.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetRouteCacheAction() == extprocv3.ExternalProcessor_CLEAR, "route_cache_action is CLEAR")
			}),
		},
	}
}

// retriesCalls reports whether a policy retries calls that a sidecar may have seen.
func retriesCalls(p *corev3.RetryPolicy) bool {
	if p == nil {
		return false
	}
	return slices.ContainsFunc(strings.Split(p.GetRetryOn(), ","), func(on string) bool {
		return !slices.Contains([]string{"connect-failure", "reset-before-request"}, strings.TrimSpace(on))
	})
}
