package bedrock

import (
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
