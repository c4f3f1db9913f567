package bedrock

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// Tokens are counted by the backend that was asked, also if it fails.
func TestCountTokensHasNoFallback(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		a, _, stop := pairOverPipes(t, Config{CoolDown: CoolDown{First: -1}, Retry: Retry{Attempts: 2}}, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.Host+r.URL.Path)
			if _, _, _, err := signedFor(r); err != nil {
				t.Error(err)
			}
			bedrocktest.Refuse(w, 429, "ThrottlingException")
		})
		defer stop()
		counting := call("m", `{"input":{}}`)
		counting.CountTokens = true
		_, facts, err := a.Converse(t.Context(), counting, caller)
		if e := translator.AsError(err); e == nil || e.Kind != translator.KindThrottled || facts.Backend != "a" {
			t.Errorf("%+v, %v", facts, err)
		}
		if diff := cmp.Diff([]string{"a.test/model/m/count-tokens", "a.test/model/m/count-tokens"}, asked); diff != "" {
			t.Error(diff)
		}
	})
}

// Bedrock counts for foundation models only.
func TestFoundationModel(t *testing.T) {
	const profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a.b.c"
	for id, want := range map[string]string{
		"us.anthropic.claude-sonnet-4-20250514-v1:0": "anthropic.claude-sonnet-4-20250514-v1:0",
		"us-gov.amazon.nova-lite-v1:0":               "amazon.nova-lite-v1:0",
		"global.deepseek.v3.1":                       "deepseek.v3.1",
		"arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0": "amazon.nova-pro-v1:0",
		"anthropic.claude-sonnet-4-20250514-v1:0":                                          "anthropic.claude-sonnet-4-20250514-v1:0",
		"deepseek.v3.1":        "deepseek.v3.1",
		"minimax.minimax-m2.1": "minimax.minimax-m2.1",
		"abcdefghijkl":         "abcdefghijkl",
		profile:                profile,
	} {
		if got := foundationModel(id); got != want {
			t.Errorf("%s: %s", id, got)
		}
	}
}

// The model of a profile is asked for the count, and its refusal to count is known as such.
func TestCountBase(t *testing.T) {
	bedrocktest.Isolate(t)
	for message, noCount := range map[string]bool{
		"The provided model doesn't support counting tokens.": true,
		"The provided model identifier is invalid.":           true,
		"messages.0.content: a text block is blank":           false,
	} {
		synctest.Test(t, func(t *testing.T) {
			var asked []string
			a, _, stop := pairOverPipes(t, Config{CoolDown: CoolDown{First: -1}}, func(w http.ResponseWriter, r *http.Request) {
				asked = append(asked, r.URL.Path)
				w.Header().Set("X-Amzn-Errortype", "ValidationException")
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(w, `{"message":%q}`, message)
			})
			defer stop()
			counting := call("us.amazon.nova-lite-v1:0", `{"input":{}}`)
			counting.CountTokens, counting.CountBase = true, true
			_, facts, err := a.Converse(t.Context(), counting, caller)
			e := translator.AsError(err)
			if e == nil || e.NoCount != noCount || e.UnknownModel || facts.ModelID != "amazon.nova-lite-v1:0" || e.Message != message {
				t.Errorf("%+v, %+v", facts, e)
			}
			if diff := cmp.Diff([]string{"/model/amazon.nova-lite-v1:0/count-tokens"}, asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}
