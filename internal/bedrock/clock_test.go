package bedrock

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// A machine with a wrong clock signs by AWS's time, from the first rejection on,
// until its own clock is right again.
func TestWrongClock(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		transport, _, stop := bedrocktest.PipeTransport(func(w http.ResponseWriter, r *http.Request) {
			now := time.Now().Add(time.Duration(ahead.Load()))
			w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
			signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
			if err != nil || now.Sub(signed).Abs() > 5*time.Minute {
				bedrocktest.Refuse(w, 403, "InvalidSignatureException")
				return
			}
			bedrocktest.Reply(w, r)
		})
		defer stop()
		b := newTestBackend(t, Config{RoundTripper: transport}, "http://bedrock.test")
		for i, step := range []struct {
			ahead  time.Duration
			caller translator.Caller
			want   int // attempts
		}{
			{0, caller, 1},
			{3 * time.Minute, caller, 1}, // close enough
			{time.Hour, caller, 2},
			{time.Hour, translator.Caller{}, 1},
			{-time.Hour, translator.Caller{}, 2},
			{-time.Hour, caller, 1},
			{0, caller, 2},
			{0, caller, 1},
		} {
			ahead.Store(int64(step.ahead))
			_, facts, err := b.Converse(t.Context(), call("m", `{}`), step.caller)
			if err != nil || facts.Attempts != step.want {
				t.Errorf("call %d: %d attempts, %v", i, facts.Attempts, err)
			}
		}
		ahead.Store(int64(time.Hour))
		events, facts, err := collect(t.Context(), b, call("m", `{}`), caller)
		if err != nil || len(events) != 5 || facts.Attempts != 2 {
			t.Errorf("a stream: %d events after %d attempts, %v", len(events), facts.Attempts, err)
		}
	})
}

// A rejected signature with the right time is not sent again.
func TestRefusedSignatureIsNotRepeated(t *testing.T) {
	bedrocktest.Isolate(t)
	b := newTestBackend(t, Config{}, bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) { bedrocktest.Refuse(w, 403, "InvalidSignatureException") }))
	_, facts, err := b.Converse(t.Context(), call("m", `{}`), caller)
	if e := asError(t, err); e.Kind != translator.KindCallerCredentials || facts.Attempts != 1 {
		t.Errorf("%v after %d attempts", err, facts.Attempts)
	}
}
