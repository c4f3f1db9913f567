package doctor

import (
	"fmt"
	"slices"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"

	"bedrock-extproc/envoy"
)

// smallestReply is what a message of the sidecar may need.
const smallestReply = 32 << 20

// filterChecks are about the rest of the filter's configuration.
func filterChecks() []check {
	return []check{
		{
			"failure-mode", Error,
			"failure_mode_allow: requests go on to the route behind the filter if the sidecar fails",
			"Remove failure_mode_allow, or set it to false, on the filter and on routes.",
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
			"disable_immediate_response: Envoy takes every whole answer for an error",
			"Remove disable_immediate_response.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetDisableImmediateResponse(), "disable_immediate_response is true")
			}),
		},
		{
			"grpc-service", Error,
			"http_service, which carries no bodies, or no service at all",
			"Set grpc_service.envoy_grpc.cluster_name to the sidecar's cluster.",
			eachSetting(func(_ *examination, s setting) string {
				g := s.config.GetGrpcService()
				return problemIf(g.GetEnvoyGrpc() == nil && g.GetGoogleGrpc() == nil, "it has no grpc_service with a target")
			}),
		},
		{
			"google-grpc", Warning,
			"google_grpc: no flow control for uploads, a message limit of 4 MB, and none of the settings of a cluster",
			"Use grpc_service.envoy_grpc with a cluster.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetGrpcService().GetGoogleGrpc() != nil, "it calls "+target(s.config.GetGrpcService()))
			}),
		},
		{
			"max-receive-message", Warning,
			"max_receive_message_length below 32 MiB: a larger whole answer, such as one with images, fails",
			"Remove grpc_service.envoy_grpc.max_receive_message_length; without it there is no limit.",
			eachSetting(func(_ *examination, s setting) string {
				limit := s.config.GetGrpcService().GetEnvoyGrpc().GetMaxReceiveMessageLength().GetValue()
				return problemIf(limit > 0 && limit < smallestReply, fmt.Sprintf("max_receive_message_length is %d", limit))
			}),
		},
		{
			"grpc-retry", Warning,
			"a retry_policy of grpc_service: a repeated call asks, and pays, the model twice",
			"Remove grpc_service.retry_policy: the sidecar retries where nothing was paid yet.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetGrpcService().GetRetryPolicy() != nil, "grpc_service has a retry_policy")
			}),
		},
		{
			"metadata-receiving", Warning,
			"receiving_namespaces without `bedrock`: access logs and rate limits get no model, tokens or errors",
			"Set metadata_options.receiving_namespaces.untyped: [bedrock].",
			eachSetting(func(_ *examination, s setting) string {
				names := s.config.GetMetadataOptions().GetReceivingNamespaces().GetUntyped()
				return problemIf(!slices.Contains(names, envoy.MetadataNamespace), "what the sidecar says of its answers is dropped")
			}),
		},
		{
			"route-cache", Warning,
			"route_cache_action CLEAR: the route may change after authorization has looked at it",
			"Set route_cache_action: RETAIN.",
			eachSetting(func(_ *examination, s setting) string {
				return problemIf(s.config.GetRouteCacheAction() == extprocv3.ExternalProcessor_CLEAR, "route_cache_action is CLEAR")
			}),
		},
	}
}
