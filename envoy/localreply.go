package envoy

import (
	"fmt"

	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	celv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/filters/cel/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// A reply is an error that Envoy itself returns to a client.
type reply struct {
	when      string // CEL expression on the response code and its details
	kind      string // error.type
	detail    string
	retryable bool
}

// replies are tried in order; the first match is sent. Envoy documents its response
// code details:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/response_code_details
var replies = []reply{
	{
		`response.code == 408 || response.code == 504`,
		"envoy_timeout", "The request took longer than the gateway allows.", true,
	},
	{
		`response.code_details.startsWith("ext_proc_error")`,
		"envoy_sidecar_unreachable", "The gateway cannot reach the sidecar that answers this request.", true,
	},
	{
		`response.code_details == "spurious_message" || response.code_details.startsWith("local_response_") || response.code_details.startsWith("header_mutation_")`,
		"envoy_sidecar_not_understood", "The sidecar sent a response that Envoy does not accept.", false,
	},
	{
		`response.code == 503 && (response.code_details == "direct_response" || response.code_details == "no_healthy_upstream")`,
		"envoy_sidecar_skipped", "The request bypassed Envoy's ext_proc filter: the sidecar ended the call, or the filter is not in the chain.", true,
	},
	{`response.code == 401`, "envoy_unauthenticated", "The request has no valid credentials for this gateway.", false},
	{`response.code == 403`, "envoy_forbidden", "The gateway does not allow this request.", false},
	{`response.code == 404`, "envoy_not_found", "The gateway has no route for this request.", false},
	{`response.code == 413`, "envoy_request_too_large", "The request is larger than the gateway allows.", false},
	{`response.code == 429`, "envoy_rate_limited", "The gateway's rate limit is exceeded.", true},
	{`response.code == 431`, "envoy_headers_too_large", "The request's headers are larger than the gateway allows.", false},
	{`response.code < 500`, "envoy_bad_request", "The gateway cannot accept this request: %RESPONSE_CODE_DETAILS%.", false},
	{`response.code >= 500`, "envoy_unavailable", "The gateway is temporarily unavailable.", true},
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
	return &hcmv3.ResponseMapper{
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
	if r.retryable {
		headers = append(headers, overwrite("retry-after", "1"))
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
