package envoy

import (
	"fmt"
	"net/http"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	celv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A reply is an error that Envoy itself returns to a client.
type reply struct {
	when      string // CEL expression on the response code and its details
	kind      string // error.type
	detail    string
	retryable bool
	status    uint32 // instead of Envoy's own; 0 keeps that
	// wait is the value of Retry-After. Envoy omits the header if it is empty.
	wait string
}

const (
	soon = "1" // seconds
	// untilReset is what the rate limit service says. The local rate limit filter adds
	// its x-ratelimit-reset later, so it is unknown here.
	untilReset = "%RESP(RETRY-AFTER?X-RATELIMIT-RESET)%"
)

// noAnswer begins the details of a call that has not reached the sidecar: this Envoy
// says so, or the sidecar's own Envoy in a mesh.
const noAnswer = "ext_proc_error_gRPC_error_14{upstream_connect_error"

// replies are tried in order; the first match is sent. Envoy documents its response
// code details:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/response_code_details
var replies = []reply{
	// A model may have worked on this request, and clients repeat a 504.
	{
		when: `response.code == 504`, status: http.StatusInternalServerError,
		kind: "envoy_timeout", detail: "The answer took longer than the gateway allows.",
	},
	{
		when: `response.code == 408`,
		kind: "envoy_timeout", detail: "The request took longer than the gateway allows.", retryable: true, wait: soon,
	},
	{
		when: `response.code_details.startsWith("` + noAnswer + `") && response.code_details.contains("reset_reason:_overflow{") || ` +
			`response.code_details in ["overload", "denied_by_admission_control", "reached_concurrency_limit"]`,
		kind: "envoy_overloaded", detail: "The gateway has reached its limit of concurrent requests.", retryable: true, wait: soon,
	},
	{
		when: `response.code_details.startsWith("ext_proc_error") && response.code_details.contains("{via_upstream}") && ` +
			`!response.code_details.startsWith("` + noAnswer + `")`,
		kind: "envoy_sidecar_failed", detail: "The sidecar that answers this request has failed.", retryable: true, wait: soon,
	},
	{
		when: `response.code_details.startsWith("ext_proc_error")`,
		kind: "envoy_sidecar_unreachable", detail: "The gateway cannot reach the sidecar that answers this request, or has lost the connection to it.", retryable: true, wait: soon,
	},
	{
		when: `response.code_details == "spurious_message" || response.code_details.startsWith("local_response_") || response.code_details.startsWith("header_mutation_")`,
		kind: "envoy_sidecar_not_understood", detail: "The sidecar sent a response that Envoy does not accept.",
	},
	{
		when: `response.code == 503 && (response.code_details == "direct_response" || response.code_details == "no_healthy_upstream")`,
		kind: "envoy_sidecar_skipped", detail: "The request bypassed Envoy's ext_proc filter: the sidecar ended the call, or the filter is not in the chain.", retryable: true, wait: soon,
	},
	{when: `response.code == 401`, kind: "envoy_unauthenticated", detail: "The request has no valid credentials for this gateway."},
	{when: `response.code == 403`, kind: "envoy_forbidden", detail: "The gateway does not allow this request."},
	{when: `response.code == 404`, kind: "envoy_not_found", detail: "The gateway has no route for this request."},
	{when: `response.code == 413`, kind: "envoy_request_too_large", detail: "The request is larger than the gateway allows."},
	{
		when: `response.code == 429 && ("retry-after" in response.headers || "x-ratelimit-reset" in response.headers)`,
		kind: "envoy_rate_limited", detail: "The gateway's rate limit is exceeded. Try again in " + untilReset + " seconds.", retryable: true, wait: untilReset,
	},
	{when: `response.code == 429`, kind: "envoy_rate_limited", detail: "The gateway's rate limit is exceeded.", retryable: true},
	{when: `response.code == 431`, kind: "envoy_headers_too_large", detail: "The request's headers are larger than the gateway allows."},
	{when: `response.code < 500`, kind: "envoy_bad_request", detail: "The gateway cannot accept this request: %RESPONSE_CODE_DETAILS%."},
	{when: `response.code >= 500`, kind: "envoy_unavailable", detail: "The gateway is temporarily unavailable.", retryable: true, wait: soon},
}

// notOurs excludes the sidecar's answers. Envoy treats them as local replies, too,
// but their details start with this prefix.
const notOurs = `!response.code_details.startsWith("bedrock_extproc_") && (%s)`

// LocalReplies turns Envoy's own errors into JSON in the format of the sidecar's
// errors.
func LocalReplies() (*hcmv3.LocalReplyConfig, error) {
	config := &hcmv3.LocalReplyConfig{}
	for _, r := range replies {
		mapper, err := r.mapper()
		if err != nil {
			return nil, err
		}
		config.Mappers = append(config.Mappers, mapper)
	}
	return config, nil
}

func (r reply) mapper() (*hcmv3.ResponseMapper, error) {
	filter, err := pack(&celv3.ExpressionFilter{Expression: fmt.Sprintf(notOurs, r.when)})
	if err != nil {
		return nil, err
	}
	var status *wrapperspb.UInt32Value
	if r.status != 0 {
		status = wrapperspb.UInt32(r.status)
	}
	return &hcmv3.ResponseMapper{
		StatusCode: status,
		Filter: &accesslogv3.AccessLogFilter{FilterSpecifier: &accesslogv3.AccessLogFilter_ExtensionFilter{
			ExtensionFilter: &accesslogv3.ExtensionFilter{
				Name:       "envoy.access_loggers.extension_filters.cel",
				ConfigType: &accesslogv3.ExtensionFilter_TypedConfig{TypedConfig: filter},
			},
		}},
		BodyFormatOverride: &corev3.SubstitutionFormatString{
			ContentType: "application/json",
			Format:      &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: r.body()},
			// A request rejected early has no id. Envoy 1.37 writes null.
			OmitEmptyValues: true,
		},
		HeadersToAdd: r.headers(),
	}, nil
}

// headers are the headers of the sidecar's errors. Envoy omits empty ones.
func (r reply) headers() []*corev3.HeaderValueOption {
	headers := []*corev3.HeaderValueOption{
		overwrite("x-request-id", "%REQ(X-REQUEST-ID)%"),
		overwrite("x-correlation-id", "%REQ(X-CORRELATION-ID?X-REQUEST-ID)%"),
	}
	if r.wait != "" {
		headers = append(headers, overwrite("retry-after", r.wait))
	}
	return headers
}

func overwrite(name, value string) *corev3.HeaderValueOption {
	return &corev3.HeaderValueOption{
		Header:       &corev3.HeaderValue{Key: name, Value: value},
		AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

// body has the format of the sidecar's errors: detail for the agentic gateway's clients,
// and error.message for OpenAI's.
func (r reply) body() *structpb.Struct {
	return &structpb.Struct{Fields: map[string]*structpb.Value{
		"detail": structpb.NewStringValue(r.detail),
		"error": structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
			"message":    structpb.NewStringValue(r.detail),
			"type":       structpb.NewStringValue(r.kind),
			"status":     structpb.NewStringValue("%RESPONSE_CODE%"),
			"retryable":  structpb.NewBoolValue(r.retryable),
			"request_id": structpb.NewStringValue("%REQ(X-REQUEST-ID)%"),
		}}),
	}}
}
