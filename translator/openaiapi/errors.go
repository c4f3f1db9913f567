package openaiapi

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// EncodeError returns the answer in which clients expect e. The SDKs repeat a request for
// the status alone, unless x-should-retry forbids it.
func EncodeError(e *translator.Error) translator.Response {
	r := translator.Response{Status: converse.SDKStatus(e), ContentType: ContentTypeJSON, Body: ErrorBody(e)}
	if converse.SDKRepeats(r.Status) && !e.Retryable {
		r.Headers = []translator.Header{{Name: "x-should-retry", Value: "false"}}
	}
	return r
}

// ContentTypeJSON is that of whole answers and of errors.
const ContentTypeJSON = "application/json"

// ErrorBody is the body of an error, and what clients of a stream expect instead of its
// end: an object with the members of WriteError.
func ErrorBody(e *translator.Error) rawjson.Value {
	w := rawjson.NewWriter(1024)
	WriteError(w, e)
	return w.End()
}

// WriteError writes the members error, for the SDKs, and bedrock, with what OpenAI's
// error has no members for.
func WriteError(w *rawjson.Writer, e *translator.Error) {
	class, code := Classify(e)
	about := rawjson.NewWriter(512)
	about.Text("message", Message(e))
	about.Text("type", class)
	about.Member("param", orNull(e.Path))
	about.Member("code", orNull(code))
	w.Member("error", about.End())
	w.Member("bedrock", converse.EncodeErrorFacts(e, converse.SDKStatus(e)))
}

// Message is the message of an error with its hint, because it is all that clients show.
func Message(e *translator.Error) string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " " + e.Hint
}

func orNull(text string) rawjson.Value {
	if text == "" {
		return rawjson.Value("null")
	}
	return rawjson.Quote(text)
}

// Classify returns OpenAI's type and code for an error. Where OpenAI has no code, it is
// the kind.
func Classify(e *translator.Error) (class, code string) {
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
