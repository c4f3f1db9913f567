package bedrock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// Transient errors are repeated as often as allowed, and failures after the model may
// have done its work once; others are returned at once.
func TestWhatIsRepeated(t *testing.T) {
	bedrocktest.Isolate(t)
	frames := func(f ...[]byte) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { bedrocktest.SendStream(w, f...) }
	}
	code := func(status int, name string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { bedrocktest.Refuse(w, status, name) }
	}
	model := func(status int, message string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("X-Amzn-ErrorType", "ModelErrorException")
			w.WriteHeader(424)
			_, _ = fmt.Fprintf(w, `{"message":%q,"originalStatusCode":%d}`, message, status)
		}
	}
	const no, again, once = 1, 3, 2 // attempts of 3, while the fault lasts
	tests := map[string]struct {
		fail  func(http.ResponseWriter)
		calls int
	}{
		"no connection":       {bedrocktest.CutConn, again},
		"internal":            {code(500, "InternalServerException"), again},
		"unavailable":         {code(503, "ServiceUnavailableException"), again},
		"throttled":           {code(429, "ThrottlingException"), again},
		"not ready":           {code(429, "ModelNotReadyException"), again},
		"a proxy's 502":       {code(502, ""), again},
		"model's error":       {model(500, "try again"), once},
		"nothing":             {func(w http.ResponseWriter) { w.WriteHeader(200) }, once},
		"invalid tool use":    {model(500, "Model produced invalid sequence as part of ToolUse. Please refer to the model tool use troubleshooting guide."), no},
		"model's validation":  {model(400, "no"), no},
		"validation":          {code(400, "ValidationException"), no},
		"access":              {code(403, "AccessDeniedException"), no},
		"not found":           {code(404, "ResourceNotFoundException"), no},
		"expired credentials": {code(403, "ExpiredTokenException"), no},
		"signature":           {code(403, "InvalidSignatureException"), no},
		"quota":               {code(400, "ServiceQuotaExceededException"), no},
		"model's timeout":     {code(408, "ModelTimeoutException"), no},
		"not JSON":            {func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) }, no},

		"stream: empty":            {frames(nil), once},
		"stream: throttled":        {frames(bedrocktest.Exception("throttlingException", "slow")), again},
		"stream: internal":         {frames(bedrocktest.Exception("internalServerException", "oh")), again},
		"stream: unavailable":      {frames(bedrocktest.Exception("serviceUnavailableException", "oh")), again},
		"stream: validation":       {frames(bedrocktest.Exception("validationException", "no")), no},
		"stream: invalid tool use": {frames(bedrocktest.Exception("modelStreamErrorException", "Model produced invalid sequence as part of ToolUse.")), no},
		"stream: nonsense":         {frames([]byte("0123456789abcdef0123456789abcdef")), no},
		"stream: cut": {func(w http.ResponseWriter) {
			bedrocktest.SendStream(w, nil)
			bedrocktest.CutConn(w)
		}, once},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls, good := 0, false
				transport, _, stop := bedrocktest.PipeTransport(func(w http.ResponseWriter, r *http.Request) {
					if calls++; good && calls == 2 {
						bedrocktest.Reply(w, r)
						return
					}
					tt.fail(w)
				})
				defer stop()
				b := newTestBackend(t, Config{RoundTripper: transport, Retry: Retry{Attempts: 3}}, "http://bedrock.test")
				for _, good = range []bool{false, true} {
					want := tt.calls
					if good {
						want = min(want, 2)
					}
					fails := tt.calls == no || !good
					try := func(facts translator.Facts, err error) {
						if calls != want || facts.Attempts != want || fails != (err != nil) {
							t.Errorf("%d calls, %+v, %v; want %d", calls, facts, err, want)
						}
						if err != nil && !cmp.Equal(asError(t, err).Facts, facts) {
							t.Errorf("facts %+v in the error, %+v returned", asError(t, err).Facts, facts)
						}
						calls = 0
					}
					_, facts, err := collect(t.Context(), b, call("m", `{}`), translator.Caller{})
					try(facts, err)
					if !strings.HasPrefix(name, "stream: ") {
						_, facts, err = b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
						try(facts, err)
					}
				}
			})
		})
	}
}

// After the first event a call is not repeated.
func TestNothingIsRepeatedAfterTheFirstEvent(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		a, _, stop := pairOverPipes(t, Config{}, func(w http.ResponseWriter, _ *http.Request) {
			calls++
			bedrocktest.SendStream(w, bedrocktest.Answer("hi")[0], bedrocktest.Exception("throttlingException", "slow"))
		})
		defer stop()
		events, _, err := collect(t.Context(), a, call("m", `{}`), translator.Caller{})
		if e := asError(t, err); calls != 1 || len(events) != 1 || e.Kind != translator.KindThrottled || e.Facts.Attempts != 1 {
			t.Errorf("%d calls, %d events, %+v", calls, len(events), e)
		}
	})
}

// The waits between attempts are random within bounds, or as long as Bedrock asks
// for.
func TestPauses(t *testing.T) {
	bedrocktest.Isolate(t)
	tests := map[string]struct {
		retry    Retry
		headers  []string
		calls    int
		min, max time.Duration
	}{
		"growing":           {Retry{Attempts: 4, BaseDelay: time.Second, MaxDelay: 2 * time.Second}, nil, 4, 2500 * time.Millisecond, 5 * time.Second},
		"none":              {Retry{Attempts: 4, BaseDelay: -1}, nil, 4, 0, 0},
		"advised":           {Retry{Attempts: 2}, []string{"Retry-After", "7"}, 2, 7 * time.Second, 7 * time.Second},
		"advised, in ms":    {Retry{Attempts: 2}, []string{"X-Amz-Retry-After", "1234", "Retry-After", "7"}, 2, 1234 * time.Millisecond, 1234 * time.Millisecond},
		"beyond the budget": {Retry{Attempts: 2}, []string{"Retry-After", "11"}, 1, 0, 0},
		"a larger budget":   {Retry{Attempts: 2, Budget: time.Minute}, []string{"Retry-After", "11"}, 2, 11 * time.Second, 11 * time.Second},
		"no budget":         {Retry{Attempts: 2, Budget: -1}, []string{"Retry-After", "999"}, 2, 999 * time.Second, 999 * time.Second},
		"a spent budget":    {Retry{Attempts: 99}, []string{"Retry-After", "3"}, 4, 9 * time.Second, 9 * time.Second},
		"the default":       {Retry{}, nil, 3, 300 * time.Millisecond, 600 * time.Millisecond},
		"one attempt":       {Retry{Attempts: -1}, nil, 1, 0, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				transport, _, stop := bedrocktest.PipeTransport(func(w http.ResponseWriter, _ *http.Request) {
					calls++
					bedrocktest.Refuse(w, 429, "ThrottlingException", tt.headers...)
				})
				defer stop()
				b := newTestBackend(t, Config{RoundTripper: transport}, "http://bedrock.test")
				b.retry = tt.retry.withDefaults()
				began := time.Now()
				_, facts, err := b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
				if took := time.Since(began); calls != tt.calls || took < tt.min || took > tt.max {
					t.Errorf("%d calls in %v of synthetic time", calls, took)
				}
				if e := asError(t, err); e.Kind != translator.KindThrottled || facts.Attempts != tt.calls {
					t.Errorf("got %s after %d attempts, want %s after %d", e.Kind, facts.Attempts, translator.KindThrottled, tt.calls)
				}
			})
		})
	}
}

// A client that leaves during a wait is noticed at once.
func TestClientLeavesBetweenAttempts(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		a, _, stop := pairOverPipes(t, Config{Retry: Retry{BaseDelay: 4 * time.Second, MaxDelay: 4 * time.Second}}, func(w http.ResponseWriter, _ *http.Request) {
			bedrocktest.Refuse(w, 429, "ThrottlingException")
		})
		defer stop()
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errLeft) })
		began := time.Now()
		_, _, err := a.Converse(ctx, call("m", `{}`), translator.Caller{})
		if took := time.Since(began); !errors.Is(err, errLeft) || took != time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// A client that leaves while the fallback is tried does not get the first backend's
// error.
func TestClientLeavesDuringTheFallback(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		a, _, stop := pairOverPipes(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "a.test" {
				bedrocktest.Refuse(w, 429, "ThrottlingException")
				return
			}
			cancel(errLeft)
			<-r.Context().Done()
		})
		defer stop()
		_, facts, err := a.Converse(ctx, call("m", `{}`), translator.Caller{})
		if !errors.Is(err, errLeft) || facts.Backend != "b" || facts.Attempts != 4 {
			t.Errorf("got %+v, %v, want %v from b after 4 attempts", facts, err, errLeft)
		}
	})
}

// ctxKeeper keeps the contexts of its requests.
type ctxKeeper struct {
	http.RoundTripper
	seen *[]context.Context
}

func (k ctxKeeper) RoundTrip(r *http.Request) (*http.Response, error) {
	*k.seen = append(*k.seen, r.Context())
	return k.RoundTripper.RoundTrip(r)
}

// Every call's context and timers end with the call.
func TestCallsAreReleased(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		transport, _, stop := bedrocktest.PipeTransport(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Amz-Security-Token") != "" {
				bedrocktest.Refuse(w, 429, "ThrottlingException")
				return
			}
			bedrocktest.Reply(w, r)
		})
		defer stop()
		var seen []context.Context
		b := newTestBackend(t, Config{RoundTripper: ctxKeeper{transport, &seen}, Retry: Retry{Attempts: 2}}, "http://bedrock.test")
		refused := caller
		refused.SessionToken = "x"
		for _, who := range []translator.Caller{caller, refused} {
			_, _, whole := b.Converse(t.Context(), call("m", `{}`), who)
			_, _, streamed := collect(t.Context(), b, call("m", `{}`), who)
			if (whole != nil || streamed != nil) != (who.SessionToken == refused.SessionToken) {
				t.Errorf("got %v and, streamed, %v, want errors: %v", whole, streamed, who.SessionToken == refused.SessionToken)
			}
		}
		if len(seen) != 6 {
			t.Errorf("%d calls", len(seen))
		}
		for i, ctx := range seen {
			if ctx.Err() == nil {
				t.Errorf("call %d is not over", i)
			}
		}
	})
}
