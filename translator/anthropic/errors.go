package anthropic

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// EncodeError implements translator.Dialect. The SDKs repeat a request for the status
// alone, unless x-should-retry forbids it.
func (*Dialect) EncodeError(e *translator.Error) translator.Response {
	r := translator.Response{
		Status: status(e), ContentType: contentTypeJSON, Body: encodeError(e),
		Headers: []translator.Header{{Name: "request-id", Value: e.Facts.RequestID}},
	}
	if converse.SDKRepeats(r.Status) && !e.Retryable {
		r.Headers = append(r.Headers, translator.Header{Name: "x-should-retry", Value: "false"})
	}
	return r
}

// encodeError is the same in error bodies and in streams. The message has the hint,
// because it is all that clients show.
func encodeError(e *translator.Error) rawjson.Value {
	w := rawjson.NewWriter(512)
	w.Text("type", errorType(e))
	w.Text("message", message(e))
	if e.Path == "thread" {
		w.Member("details", threadUnsupported)
	}
	out := rawjson.NewWriter(1024)
	out.Text("type", "error")
	out.Member("error", w.End())
	id := rawjson.Value("null")
	if e.Facts.RequestID != "" {
		id = rawjson.Quote(e.Facts.RequestID)
	}
	out.Member("request_id", id)
	out.Member("bedrock", converse.EncodeErrorFacts(e, status(e)))
	return out.End()
}

// threadUnsupported are the details of the error that refuses a thread. The SDKs' tool
// runners ask for a thread first, and send whole conversations after this error.
var threadUnsupported = rawjson.Value(`{"error_code":"thread_unsupported_request"}`)

// message names the place, and what helps. Claude Code shortens a conversation when it
// reads that the prompt is too long.
func message(e *translator.Error) string {
	text := e.Message
	if e.NoCount {
		text = "Bedrock does not count the tokens of this model: " + text
	}
	if e.Kind == translator.KindValidation && converse.TooLong(text) {
		text = "prompt is too long: " + text
	}
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	if e.Hint != "" {
		text += " " + e.Hint
	}
	return text
}

// status is 404 where tokens cannot be counted: Claude Code then estimates by itself.
func status(e *translator.Error) int {
	if e.NoCount {
		return http.StatusNotFound
	}
	return converse.SDKStatus(e)
}

// errorType is one of Anthropic's.
func errorType(e *translator.Error) string {
	if e.Kind == translator.KindTimeout {
		return "timeout_error"
	}
	switch s := status(e); s {
	case http.StatusUnauthorized:
		return "authentication_error"
	case http.StatusForbidden:
		return "permission_error"
	case http.StatusNotFound:
		return "not_found_error"
	case http.StatusTooManyRequests:
		return "rate_limit_error"
	case http.StatusServiceUnavailable:
		return "overloaded_error"
	case http.StatusFailedDependency:
		return "api_error"
	default:
		if s >= http.StatusInternalServerError {
			return "api_error"
		}
	}
	return "invalid_request_error"
}
