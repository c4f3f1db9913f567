package bedrock

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// An error has the same facts as the call that it ends: before an answer, instead of
// the first event, and in the middle of a stream.
func TestFactsOfErrors(t *testing.T) {
	bedrocktest.Isolate(t)
	events := 0
	b := newTestBackend(t, Config{}, bedrocktest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/converse") {
			bedrocktest.Refuse(w, 500, "InternalServerException")
			return
		}
		bedrocktest.SendStream(w, append(bedrocktest.Answer("hi")[:events], bedrocktest.Exception("internalServerException", "why"))...)
	}))
	want := translator.Facts{AWSRequestID: "req-1", Backend: "here", Region: "us-west-2", ModelID: "m", Attempts: 1}
	check := func(name string, beside translator.Facts, err error) {
		t.Helper()
		for _, facts := range []translator.Facts{beside, asError(t, err).Facts} {
			if diff := cmp.Diff(want, facts); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
	_, facts, err := b.Converse(t.Context(), call("m", `{}`), caller)
	check("whole", facts, err)
	for events = range 4 {
		seen, facts, err := collect(t.Context(), b, call("m", `{}`), caller)
		check(fmt.Sprintf("after %d events", events), facts, err)
		if len(seen) != events {
			t.Errorf("%d events, want %d", len(seen), events)
		}
	}
}
