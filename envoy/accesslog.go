package envoy

import (
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/file/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// logFields are the fields of an access log entry. They include no header that can
// hold a credential, and no query string.
var logFields = map[string]string{
	"time":                  "%START_TIME%",
	"request_id":            "%REQ(X-REQUEST-ID)%",
	"method":                "%REQ(:METHOD)%",
	"path":                  "%PATH(NQ)%",
	"protocol":              "%PROTOCOL%",
	"client":                "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
	"user_agent":            "%REQ(USER-AGENT)%",
	"status":                "%RESPONSE_CODE%",
	"details":               "%RESPONSE_CODE_DETAILS%",
	"flags":                 "%RESPONSE_FLAGS%",
	"bytes_received":        "%BYTES_RECEIVED%",
	"bytes_sent":            "%BYTES_SENT%",
	"duration_ms":           "%DURATION%",
	"first_byte_ms":         "%COMMON_DURATION(DS_RX_BEG:DS_TX_BEG:ms)%",
	"api":                   metadata("api"),
	"model":                 metadata("model"),
	"backend":               metadata("backend"),
	"region":                metadata("region"),
	"aws_request_id":        metadata("aws_request_id"),
	"model_id":              metadata("model_id"),
	"stop_reason":           metadata("stop_reason"),
	"guardrail_action":      metadata("guardrail_action"),
	"input_tokens":          metadata("input_tokens"),
	"output_tokens":         metadata("output_tokens"),
	"cache_read_tokens":     metadata("cache_read_tokens"),
	"cache_write_tokens":    metadata("cache_write_tokens"),
	"total_tokens":          metadata("total_tokens"),
	"cost_micros":           metadata("cost_micros"),
	"attempts":              metadata("attempts"),
	"error":                 metadata("error"),
	"ext_proc_microseconds": "%FILTER_STATE(envoy.filters.http.ext_proc:PLAIN)%",
}

// metadata returns the operator for one of the sidecar's facts.
func metadata(fact string) string {
	return "%DYNAMIC_METADATA(" + MetadataNamespace + ":" + fact + ")%"
}

// AccessLog writes one JSON object per request to a file.
func AccessLog(path string) ([]*accesslogv3.AccessLog, error) {
	format := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for name, operator := range logFields {
		format.Fields[name] = structpb.NewStringValue(operator)
	}
	config, err := pack(&filev3.FileAccessLog{
		Path: path,
		AccessLogFormat: &filev3.FileAccessLog_LogFormat{LogFormat: &corev3.SubstitutionFormatString{
			Format:          &corev3.SubstitutionFormatString_JsonFormat{JsonFormat: format},
			OmitEmptyValues: true,
		}},
	})
	if err != nil {
		return nil, err
	}
	return []*accesslogv3.AccessLog{{
		Name:       "envoy.access_loggers.file",
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: config},
	}}, nil
}
