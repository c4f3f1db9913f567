package openaiapi

import (
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"

	"bedrock-extproc/translator"
)

// TestErrorsByStatus: the SDKs choose the class of an error by its status alone, and
// repeat a request unless a header forbids it.
func TestErrorsByStatus(t *testing.T) {
	type want struct {
		status         int
		class, code    string
		retryForbidden bool
	}
	const invalid = "invalid_request_error"
	wants := map[translator.Kind]want{
		translator.KindUnknownPath:        {404, invalid, "unknown_path", false},
		translator.KindMethodNotAllowed:   {405, invalid, "method_not_allowed", false},
		translator.KindTooLarge:           {413, invalid, "request_too_large", false},
		translator.KindEncoding:           {415, invalid, "unsupported_encoding", false},
		translator.KindMalformed:          {400, invalid, "", false},
		translator.KindInvalid:            {400, invalid, "invalid_request", false},
		translator.KindUnknownBackend:     {400, invalid, "unknown_backend", false},
		translator.KindUnsupportedMode:    {500, "server_error", "unsupported_body_mode", true},
		translator.KindRoute:              {500, "server_error", "misconfigured_route", true},
		translator.KindMissingIdentity:    {401, "authentication_error", "missing_identity", false},
		translator.KindNotPermitted:       {403, "permission_error", "not_permitted", false},
		translator.KindDraining:           {503, "server_error", "draining", false},
		translator.KindOverloaded:         {503, "server_error", "overloaded", false},
		translator.KindNoCredentials:      {401, "authentication_error", "missing_credentials", false},
		translator.KindCallerCredentials:  {401, "authentication_error", "caller_credentials_refused", false},
		translator.KindSidecarCredentials: {502, "server_error", "sidecar_credentials_refused", true},
		translator.KindConnection:         {503, "server_error", "cannot_connect", false},
		translator.KindValidation:         {400, invalid, "bedrock_validation", false},
		translator.KindAccessDenied:       {403, "permission_error", "bedrock_access_denied", false},
		translator.KindNotFound:           {404, invalid, "model_not_found", false},
		translator.KindThrottled:          {429, "rate_limit_error", "rate_limit_exceeded", false},
		translator.KindQuota:              {429, "insufficient_quota", "insufficient_quota", false},
		translator.KindNotReady:           {503, "server_error", "bedrock_model_not_ready", false},
		translator.KindUnavailable:        {503, "server_error", "bedrock_unavailable", false},
		translator.KindModel:              {424, "server_error", "bedrock_model_error", false},
		translator.KindInternalServer:     {500, "server_error", "bedrock_internal_error", false},
		translator.KindTimeout:            {500, "server_error", "timeout", true},
		translator.KindBadAnswer:          {500, "server_error", "bad_bedrock_answer", true},
		translator.KindTruncated:          {500, "server_error", "stream_truncated", true},
		translator.KindUploadTimeout:      {408, invalid, "upload_timeout", false},
		translator.KindAnswerTooLarge:     {500, "server_error", "answer_too_large", true},
		translator.KindInternal:           {500, "server_error", "internal_error", true},
	}
	for _, k := range translator.Kinds() {
		w, ok := wants[k.Kind]
		if !ok {
			t.Errorf("%s has no expectation", k.Kind)
			continue
		}
		answer := EncodeError(translator.NewError(k.Kind, "m."))
		body := readError(t, answer.Body)
		got := want{answer.Status, body.Type, body.Code, len(answer.Headers) == 1 && answer.Headers[0] == translator.Header{Name: "x-should-retry", Value: "false"}}
		if got != w {
			t.Errorf("%s: %+v, want %+v", k.Kind, got, w)
		}
	}
}

type errorBody struct{ Message, Type, Param, Code string }

func readError(t *testing.T, body []byte) errorBody {
	t.Helper()
	var e struct{ Error errorBody }
	if err := json.Unmarshal(body, &e, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return e.Error
}

// Clients shorten a conversation when they read this code.
func TestContextLengthExceeded(t *testing.T) {
	for message, want := range map[string]string{
		"The model returned the following errors: Input is too long for requested model.":             "context_length_exceeded",
		"The model returned the following errors: prompt is too long: 250000 tokens > 200000 maximum": "context_length_exceeded",
		"Malformed input request": "bedrock_validation",
	} {
		e := translator.NewError(translator.KindValidation, message)
		e.Path, e.Hint = "messages[0]", "Shorten it."
		got := readError(t, EncodeError(e).Body)
		if want := (errorBody{message + " Shorten it.", "invalid_request_error", "messages[0]", want}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if status := EncodeError(translator.NewError(translator.KindMalformed, "m")).Status; status != http.StatusBadRequest {
		t.Error(status)
	}
}
