package bedrock

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// ignoreTrail leaves the way to the answer out of a comparison: its times differ.
var ignoreTrail = cmpopts.IgnoreFields(translator.Facts{}, "Trail", "Asked")

// The trail has each attempt with its times, also one that sent nothing.
func TestTrail(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		cfg := Config{CoolDown: CoolDown{First: 7 * time.Second}, Retry: Retry{Attempts: 2, BaseDelay: time.Nanosecond}}
		a, _, stop := pairOverPipes(t, cfg, func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "a.test" {
				time.Sleep(3 * time.Second)
				bedrocktest.Refuse(w, 429, "ThrottlingException")
				return
			}
			time.Sleep(5 * time.Second)
			bedrocktest.Reply(w, r)
		})
		defer stop()
		_, facts, err := a.Converse(t.Context(), call("m", `{}`), caller)
		if err != nil {
			t.Fatal(err)
		}
		atA := translator.Attempt{
			Backend: "a", Region: "us-west-2", ModelID: "m", Sent: true, Wait: 3 * time.Second, Took: 3 * time.Second,
			ErrorKind: translator.KindThrottled, AWSError: "ThrottlingException",
		}
		again, atB := atA, translator.Attempt{Backend: "b", Region: "eu-west-1", ModelID: "m", Sent: true, Wait: 5 * time.Second, Took: 5 * time.Second}
		again.CoolDown = 7 * time.Second
		times := cmpopts.IgnoreFields(translator.Attempt{}, "Start", "Pause")
		if diff := cmp.Diff([]translator.Attempt{atA, again, atB}, facts.Trail, times); diff != "" {
			t.Error(diff)
		}
	})
}

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
			if diff := cmp.Diff(want, facts, ignoreTrail); diff != "" {
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
