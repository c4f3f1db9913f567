package openai

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// EncodeError implements translator.Dialect. The SDKs repeat a request for the status
// alone, unless x-should-retry forbids it.
func (*Dialect) EncodeError(e *translator.Error) translator.Response {
	r := translator.Response{Status: converse.SDKStatus(e), ContentType: contentTypeJSON, Body: encodeError(e)}
	if converse.SDKRepeats(r.Status) && !e.Retryable {
		r.Headers = []translator.Header{{Name: "x-should-retry", Value: "false"}}
	}
	return r
}

// encodeError is the same in error bodies and in streams. The message has the hint,
// because it is all that clients show.
func encodeError(e *translator.Error) rawjson.Value {
	class, code := classify(e)
	w := rawjson.NewWriter(512)
	message := e.Message
	if e.Hint != "" {
		message += " " + e.Hint
	}
	w.Text("message", message)
	w.Text("type", class)
	w.Member("param", orNull(e.Path))
	w.Member("code", orNull(code))
	out := rawjson.NewWriter(1024)
	out.Member("error", w.End())
	out.Member("bedrock", converse.EncodeErrorFacts(e, converse.SDKStatus(e)))
	return out.End()
}

func orNull(text string) rawjson.Value {
	if text == "" {
		return rawjson.Value("null")
	}
	return rawjson.Quote(text)
}

// classify returns OpenAI's type and code for an error. Where OpenAI has no code, it is
// the kind.
func classify(e *translator.Error) (class, code string) {
	class, code = "invalid_request_error", string(e.Kind)
	if e.UnknownModel {
		return class, "model_not_found"
	}
	switch e.Kind {
	case translator.KindMalformed:
		code = ""
	case translator.KindValidation:
		if converse.TooLong(e.Message) {
			code = "context_length_exceeded"
		}
	case translator.KindNotFound:
		code = "model_not_found"
	case translator.KindMissingIdentity, translator.KindNoCredentials, translator.KindCallerCredentials:
		class = "authentication_error"
	case translator.KindNotPermitted, translator.KindAccessDenied:
		class = "permission_error"
	case translator.KindThrottled:
		class, code = "rate_limit_error", "rate_limit_exceeded"
	case translator.KindQuota:
		class, code = "insufficient_quota", "insufficient_quota"
	default:
		if e.Status >= http.StatusInternalServerError || e.Status == http.StatusFailedDependency {
			class = "server_error"
		}
	}
	return class, code
}
