package anthropic

import (
	"slices"
	"testing"

	"github.com/go-json-experiment/json"

	"bedrock-extproc/translator"
)

// TestErrorsByStatus: the SDKs choose the class of an error by its status alone, and
// repeat a request unless a header forbids it. Clients show the type.
func TestErrorsByStatus(t *testing.T) {
	types := map[int]string{
		400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error", 405: "invalid_request_error",
		408: "invalid_request_error", 413: "invalid_request_error", 415: "invalid_request_error", 424: "api_error", 429: "rate_limit_error", 500: "api_error", 502: "api_error",
		503: "overloaded_error",
	}
	for _, k := range translator.Kinds() {
		e := translator.NewError(k.Kind, "m.")
		answer := new(Dialect).EncodeError(e)
		want := types[answer.Status]
		if k.Kind == translator.KindTimeout {
			want = "timeout_error"
		}
		if k.Kind == translator.KindMalformed && answer.Status != 400 {
			t.Errorf("%s: status %d", k.Kind, answer.Status)
		}
		if got := readError(t, answer.Body); got.Type != want || got.Message != "m." {
			t.Errorf("%s, status %d: %+v, want %q", k.Kind, answer.Status, got, want)
		}
		forbidden := slices.Contains(answer.Headers, translator.Header{Name: "x-should-retry", Value: "false"})
		if want := !e.Retryable && answer.Status >= 429; forbidden != want {
			t.Errorf("%s: x-should-retry false: %t, want %t", k.Kind, forbidden, want)
		}
	}
}

type errorBody struct{ Type, Message string }

func readError(t *testing.T, body []byte) errorBody {
	t.Helper()
	var e struct {
		Type  string
		Error errorBody
	}
	if err := json.Unmarshal(body, &e, json.MatchCaseInsensitiveNames(true)); err != nil || e.Type != "error" {
		t.Fatalf("%v\n%s", err, body)
	}
	return e.Error
}

// Claude Code shortens a conversation when it reads these words.
func TestPromptTooLong(t *testing.T) {
	e := translator.NewError(translator.KindValidation, "Input is too long for requested model.")
	e.Path, e.Hint = "messages[0]", "Shorten it."
	want := errorBody{"invalid_request_error", "messages[0]: prompt is too long: Input is too long for requested model. Shorten it."}
	if got := readError(t, new(Dialect).EncodeError(e).Body); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
