package telemetry

import (
	"slices"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"bedrock-extproc/translator"
)

// A field is one member of a request's line in the log, and of a call on the page
// /debug/calls. value returns zap.Skip to leave it out.
type field struct {
	name, example, doc string
	value              func(name string, o *record) zap.Field
}

// fields is the table of members, in their order. docs/observability.md is generated
// from it.
var fields = []field{
	{
		"request_id", `"6f2c…"`, "The client's `X-Request-Id`, or one that the sidecar has made. All lines of a request have it.",
		func(n string, o *record) zap.Field { return zap.String(n, o.Facts.RequestID) },
	},
	{
		"trace_id", `"0af7…"`, "The trace that the call belongs to: Envoy's, the client's, or one that the sidecar began.",
		func(n string, o *record) zap.Field { return text(n, o.traceID) },
	},
	{"method", `"POST"`, "The HTTP method.", func(n string, o *record) zap.Field { return zap.String(n, o.Method) }},
	{"path", `"/v1/messages"`, "The path, without the query.", func(n string, o *record) zap.Field { return zap.String(n, o.Path) }},
	{"status", "200", "The HTTP status that was sent; 0 if none was.", func(n string, o *record) zap.Field { return zap.Int(n, o.Status) }},
	{"api", `"anthropic"`, "The API that the client speaks.", func(n string, o *record) zap.Field { return text(n, o.API) }},
	{"model", `"fast"`, "The requested model, or the backend's default model.", func(n string, o *record) zap.Field { return text(n, o.Model) }},
	{"streaming", "true", "Whether the client asked for an event stream.", ofCalls(func(n string, o *record) zap.Field { return zap.Bool(n, o.Streaming) })},
	{"backend", `"bedrock-us"`, "The backend that answered, or the last one that failed.", func(n string, o *record) zap.Field { return text(n, o.Facts.Backend) }},
	{"region", `"us-east-1"`, "The AWS region that was called.", func(n string, o *record) zap.Field { return text(n, o.Facts.Region) }},
	{"model_id", `"us.amazon.nova-micro-v1:0"`, "The model id that was sent to Bedrock.", func(n string, o *record) zap.Field { return text(n, o.Facts.ModelID) }},
	{"aws_request_id", `"4e1f…"`, "Bedrock's id of the call. AWS support asks for it.", func(n string, o *record) zap.Field { return text(n, o.Facts.AWSRequestID) }},
	{"attempts", "1", "HTTP calls made to Bedrock; more than 1 after a retry or a fallback.", ofCalls(func(n string, o *record) zap.Field { return zap.Int(n, o.Facts.Attempts) })},
	{"fallback_from", `"bedrock-eu"`, "The backend that should have answered, if a fallback did.", func(n string, o *record) zap.Field { return text(n, fallbackFrom(o)) }},
	{"duration", "1250.5", "Milliseconds from the first header to the end of the answer.", func(n string, o *record) zap.Field { return zap.Duration(n, o.Duration) }},
	{"upload", "0.4", "Milliseconds from the first header to the end of the request's body.", func(n string, o *record) zap.Field { return duration(n, o.Upload) }},
	{"bedrock_wait", "410.2", "Milliseconds spent waiting for Bedrock before the first byte of the answer, over all attempts and the pauses between them.", ofCalls(func(n string, o *record) zap.Field { return duration(n, o.Waited()) })},
	{"overhead", "0.3", "Milliseconds that the sidecar itself added before the first byte.", overhead},
	{"first_byte", "412.1", "Milliseconds from the first header to the first byte of the answer.", ofCalls(func(n string, o *record) zap.Field { return duration(n, o.FirstByte) })},
	{"first_token", "430.7", "Milliseconds from the first header to the first piece of a stream's content.", func(n string, o *record) zap.Field { return duration(n, o.FirstToken) }},
	{"bytes_in", "812", "Bytes of the request's body.", func(n string, o *record) zap.Field { return zap.Int(n, o.BytesIn) }},
	{"bytes_out", "2114", "Bytes of the answer's body.", func(n string, o *record) zap.Field { return zap.Int(n, o.BytesOut) }},
	{"keep_alives", "2", "Keep-alives that were sent on a silent stream.", func(n string, o *record) zap.Field { return number(n, int64(o.KeepAlives)) }},
	{"input_tokens", "12", "Input tokens, without those of a prompt cache.", tokens(func(o *record) int64 { return o.Summary.InputTokens })},
	{"output_tokens", "345", "Output tokens.", tokens(func(o *record) int64 { return o.Summary.OutputTokens })},
	{"cache_read_tokens", "0", "Tokens read from a prompt cache.", tokens(func(o *record) int64 { return o.Summary.CacheReadTokens })},
	{"cache_write_tokens", "0", "Tokens written to a prompt cache.", tokens(func(o *record) int64 { return o.Summary.CacheWriteTokens })},
	{"cost_micros", "6180", "The cost in millionths of the currency's unit, by the configured prices.", cost},
	{"tenant", `"search"`, "The tenant, if the configuration has `metrics_tenant`.", func(n string, o *record) zap.Field { return text(n, o.Tenant) }},
	{"stop_reason", `"end_turn"`, "Why the model stopped, as Bedrock reports it.", func(n string, o *record) zap.Field { return text(n, o.Summary.StopReason) }},
	{"error", `"bedrock_throttled"`, "The [kind of the error](errors.md), also of one in the middle of a stream whose status is 200.", func(n string, o *record) zap.Field { return text(n, string(o.ErrorKind)) }},
	{"class", `"dns"`, "The [step towards Bedrock](causes.md) that failed.", func(n string, o *record) zap.Field { return text(n, o.ErrorClass) }},
	{"aws_error", `"ThrottlingException"`, "AWS's name of the error.", func(n string, o *record) zap.Field { return text(n, o.AWSError) }},
	{"client_gone", "true", "The client left before the end of its answer, or the connection to Envoy was lost.", func(n string, o *record) zap.Field { return yes(n, o.ClientGone) }},
	{"warnings", `["blank_text_dropped"]`, "The [codes](warnings.md) of the answer's warnings, each once.", func(n string, o *record) zap.Field { return texts(n, o.warnings) }},
	{"failed_attempts", `["bedrock-us ThrottlingException"]`, "For each failed attempt its backend, and AWS's name of the error, the step that failed or the kind of the error.", func(n string, o *record) zap.Field { return texts(n, failedAttempts(o)) }},
}

// maxFields bounds the fields of a line; the table has fewer.
const maxFields = 48

// appendFields appends the fields that the record has.
func appendFields(list []zap.Field, o *record) []zap.Field {
	for i := range fields {
		if f := fields[i].value(fields[i].name, o); f.Type != zapcore.SkipType {
			list = append(list, f)
		}
	}
	return list
}

// ofCalls leaves a field out for requests that are no model calls.
func ofCalls(value func(string, *record) zap.Field) func(string, *record) zap.Field {
	return func(n string, o *record) zap.Field {
		if o.Model == "" {
			return zap.Skip()
		}
		return value(n, o)
	}
}

func tokens(count func(*record) int64) func(string, *record) zap.Field {
	return func(n string, o *record) zap.Field {
		if !o.Summary.UsageKnown {
			return zap.Skip()
		}
		return zap.Int64(n, count(o))
	}
}

func text(name, value string) zap.Field {
	if value == "" {
		return zap.Skip()
	}
	return zap.String(name, value)
}

func texts(name string, values []string) zap.Field {
	if len(values) == 0 {
		return zap.Skip()
	}
	return zap.Strings(name, values)
}

func number(name string, n int64) zap.Field {
	if n == 0 {
		return zap.Skip()
	}
	return zap.Int64(name, n)
}

func duration(name string, d time.Duration) zap.Field {
	if d == 0 {
		return zap.Skip()
	}
	return zap.Duration(name, d)
}

func yes(name string, value bool) zap.Field {
	if !value {
		return zap.Skip()
	}
	return zap.Bool(name, true)
}

func overhead(name string, o *record) zap.Field {
	d, known := o.Overhead()
	if !known {
		return zap.Skip()
	}
	return zap.Duration(name, d)
}

func cost(name string, o *record) zap.Field {
	micros, known := o.Facts.Price.Cost(o.Summary)
	if !known {
		return zap.Skip()
	}
	return zap.Int64(name, micros)
}

// fallbackFrom is the backend that was asked first, if another one answered.
func fallbackFrom(o *record) string {
	if asked := o.Facts.Asked; asked != o.Facts.Backend && o.ErrorKind == "" {
		return asked
	}
	return ""
}

// warningCodes lists the codes of warnings, each once.
func warningCodes(warnings []translator.Warning) []string {
	var codes []string
	for _, w := range warnings {
		if !slices.Contains(codes, w.Code) {
			codes = append(codes, w.Code)
		}
	}
	return codes
}

// failedAttempts describes each attempt that failed.
func failedAttempts(o *record) []string {
	var list []string
	for _, a := range o.Facts.Trail {
		if attemptError(&a) != "" {
			list = append(list, a.Backend+" "+attemptError(&a))
		}
	}
	return list
}
