package doctor

import (
	"fmt"
	"slices"
	"strings"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"

	"bedrock-extproc/envoy"
)

const (
	// largestRequest is a chat request with images: a request for a body of this
	// size should come through in BUFFERED mode.
	largestRequest = 25 << 20
	// smallestReply is what a message of the sidecar may need.
	smallestReply = 32 << 20
)

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
			"buffer-limit", Warning,
			"a buffer limit below 25 MiB with BUFFERED: Envoy refuses larger requests with 413",
			"Use FULL_DUPLEX_STREAMED, which needs no large buffers, or raise per_connection_buffer_limit_bytes of the listener.",
			eachPlace(bufferLimit),
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
			"identity-metadata", Error,
			"a namespace of metadata that `bedrock_extproc.identity` reads (-config) and the filter does not forward: the values are never there",
			"List it in metadata_options.forwarding_namespaces.untyped, on the filter and on routes that have lists of their own.",
			eachSetting(func(e *examination, s setting) string {
				return absent("forwarding_namespaces", e.Namespaces, s.config.GetMetadataOptions().GetForwardingNamespaces().GetUntyped())
			}),
		},
		{
			"identity-attributes", Error,
			"an attribute that `bedrock_extproc.identity` reads (-config) and the filter does not send: the values are never there",
			"List it in request_attributes of the filter.",
			eachSetting(func(e *examination, s setting) string {
				return absent("request_attributes", e.Attributes, s.config.GetRequestAttributes())
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

func bufferLimit(_ *examination, p *place) []observation {
	for _, s := range p.settings() {
		if buffered(s) && p.bufferSize > 0 && p.bufferSize < largestRequest {
			return observe(p.manager.where, "per_connection_buffer_limit_bytes is %d", p.bufferSize)
		}
	}
	return nil
}

// absent names what is wanted of a list and not in it.
func absent(list string, wanted, got []string) string {
	missing := slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return slices.Contains(got, name) })
	if len(missing) == 0 {
		return ""
	}
	return fmt.Sprintf("%s lacks %s", list, strings.Join(missing, ", "))
}
