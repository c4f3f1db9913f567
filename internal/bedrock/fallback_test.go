package bedrock

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// The fallback answers with its own model, and the facts name both.
func TestFallbackAnswers(t *testing.T) {
	bedrocktest.Isolate(t)
	backends := func() []BackendConfig {
		return []BackendConfig{
			{Models: map[string]string{"smart": "us.x-v1:0", "claude-*": "us.y-v1:0", "gpt-*": "us.z-v1:0"}},
			{Models: map[string]string{"smart": "eu.x-v1:0", "us.y-v1:0": "eu.y-v1:0", "*": "eu.any-v1:0"}},
		}
	}
	tests := map[string]struct{ asked, atA, atB string }{
		"an alias of both": {"smart", "us.x-v1:0", "eu.x-v1:0"},
		"an id of A":       {"us.y-v1:0", "us.y-v1:0", "eu.y-v1:0"},
		"any id":           {"us.w-v1:0", "us.w-v1:0", "us.w-v1:0"},
		"a pattern of A":   {"claude-4", "us.y-v1:0", "eu.y-v1:0"},
		"a pattern of B":   {"gpt-5", "us.z-v1:0", "eu.any-v1:0"},
		"no alias of A":    {"o3", "o3", "eu.any-v1:0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked []string
				invocations := map[string]int{}
				a, _, stop := pairOverPipes(t, Config{Backends: backends(), CoolDown: CoolDown{First: -1}}, func(w http.ResponseWriter, r *http.Request) {
					asked = append(asked, r.Host+r.URL.Path)
					if _, _, _, err := signedFor(r); err != nil {
						t.Error(err)
					}
					invocations[r.Header.Get("Amz-Sdk-Invocation-Id")]++
					if r.Host == "a.test" {
						bedrocktest.Refuse(w, 429, "ThrottlingException")
						return
					}
					bedrocktest.Reply(w, r)
				})
				defer stop()
				_, whole, err := a.Converse(t.Context(), call(tt.asked, `{}`), caller)
				if err != nil {
					t.Error(err)
				}
				events, streamed, err := collect(t.Context(), a, call(tt.asked, `{}`), caller)
				if err != nil || len(events) != 5 {
					t.Errorf("got %d events, %v, want 5", len(events), err)
				}
				want := translator.Facts{Backend: "b", Region: "eu-west-1", ModelID: tt.atB, Attempts: 4}
				if !cmp.Equal(whole, want, ignoreTrail) || !cmp.Equal(streamed, want, ignoreTrail) {
					t.Errorf("got %+v and, streamed, %+v, want %+v", whole, streamed, want)
				}
				atA, atB := "a.test/model/"+tt.atA+"/converse", "b.test/model/"+tt.atB+"/converse"
				if diff := cmp.Diff([]string{atA, atA, atA, atB, atA + "-stream", atA + "-stream", atA + "-stream", atB + "-stream"}, asked); diff != "" {
					t.Error(diff)
				}
				if len(invocations) != 2 || invocations[""] != 0 {
					t.Errorf("invocations %v of 2 calls", invocations)
				}
			})
		})
	}
}

// Errors that another backend may avoid lead to the fallback. The facts name the backend
// whose answer or error the client gets.
func TestWhatFallsBack(t *testing.T) {
	bedrocktest.Isolate(t)
	pinned := caller
	pinned.Region = "us-east-1"
	type calls struct{ A, B int }
	tests := map[string]struct {
		a, b   string // the error that they answer with, "" for a good answer
		status int
		caller translator.Caller
		model  string
		calls  calls
		want   translator.Kind // "" is a good answer
		tells  string
	}{
		"throttled":                     {"ThrottlingException", "", 429, caller, "m", calls{3, 1}, "", "b"},
		"quota":                         {"ServiceQuotaExceededException", "", 400, caller, "m", calls{1, 1}, "", "b"},
		"model's timeout":               {"ModelTimeoutException", "", 408, caller, "m", calls{1, 1}, "", "b"},
		"validation":                    {"ValidationException", "", 400, caller, "m", calls{1, 0}, translator.KindValidation, "a"},
		"access":                        {"AccessDeniedException", "", 403, caller, "m", calls{1, 0}, translator.KindAccessDenied, "a"},
		"expired":                       {"ExpiredTokenException", "", 403, caller, "m", calls{1, 0}, translator.KindCallerCredentials, "a"},
		"the caller's region":           {"ThrottlingException", "", 429, pinned, "m", calls{3, 0}, translator.KindThrottled, "a"},
		"region without keys":           {"ThrottlingException", "", 429, translator.Caller{Region: "us-east-1"}, "m", calls{3, 1}, "", "b"},
		"an ARN of A":                   {"ThrottlingException", "", 429, caller, "arn:aws:bedrock:us-west-2:1:x/y", calls{3, 0}, translator.KindThrottled, "a"},
		"an ARN of B":                   {"ThrottlingException", "", 429, caller, "arn:aws:bedrock:eu-west-1:1:x/y", calls{0, 0}, translator.KindInvalid, "a"},
		"model's error":                 {"ModelErrorException", "", 424, caller, "m", calls{1, 1}, "", "b"},
		"model's error at both":         {"ModelErrorException", "ModelErrorException", 424, caller, "m", calls{1, 1}, translator.KindModel, "b"},
		"model's error, no fallback":    {"ModelErrorException", "", 424, pinned, "m", calls{2, 0}, translator.KindModel, "a"},
		"both throttled":                {"ThrottlingException", "ThrottlingException", 429, caller, "m", calls{3, 3}, translator.KindThrottled, "a"},
		"the fallback rejects it":       {"ThrottlingException", "ValidationException", 429, caller, "m", calls{3, 1}, translator.KindThrottled, "a"},
		"a final error of the fallback": {"ThrottlingException", "UnknownOperationException", 429, caller, "m", calls{3, 1}, translator.KindBadAnswer, "b"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got calls
				a, _, stop := pairOverPipes(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
					code := tt.b
					if r.Host == "a.test" {
						got.A++
						code = tt.a
					} else {
						got.B++
					}
					if code == "" {
						bedrocktest.Reply(w, r)
						return
					}
					bedrocktest.Refuse(w, tt.status, code)
				})
				defer stop()
				_, facts, err := a.Converse(t.Context(), call(tt.model, `{}`), tt.caller)
				if got != tt.calls || facts.Backend != tt.tells || facts.Attempts != got.A+got.B {
					t.Errorf("calls %+v, %+v", got, facts)
				}
				if tt.want == "" {
					if err != nil {
						t.Error(err)
					}
				} else if e := asError(t, err); e.Kind != tt.want || !cmp.Equal(e.Facts, facts, ignoreTrail) {
					t.Errorf("got %s with %+v, want %s with %+v", e.Kind, e.Facts, tt.want, facts)
				}
			})
		})
	}
}

// A backend that accepts connections and sends nothing is abandoned after the limit
// on the first event.
func TestFallbackFromSilence(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		a, _, stop := pairOverPipes(t, Config{Limits: Limits{FirstEvent: 3 * time.Second, Reply: 11 * time.Second}}, func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "a.test" {
				<-r.Context().Done()
				return
			}
			bedrocktest.Reply(w, r)
		})
		defer stop()
		began := time.Now()
		events, facts, err := collect(t.Context(), a, call("m", `{}`), caller)
		if err != nil || len(events) != 5 || facts.Backend != "b" || facts.Attempts != 2 || time.Since(began) != 3*time.Second {
			t.Errorf("%v, %+v, %v after %v", events, facts, err, time.Since(began))
		}
		// Beyond the budget no other backend is tried.
		_, facts, err = a.Converse(t.Context(), call("other", `{}`), caller)
		if e := asError(t, err); e.Kind != translator.KindTimeout || facts.Attempts != 1 {
			t.Errorf("got %s after %d attempts, want %s after 1", e.Kind, facts.Attempts, translator.KindTimeout)
		}
	})
}

// A long Retry-After of one backend does not delay its fallback.
func TestFallbackBeforeLongAdvice(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		a, _, stop := pairOverPipes(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			if r.Host == "a.test" {
				bedrocktest.Refuse(w, 503, "ServiceUnavailableException", "Retry-After", "3")
				return
			}
			bedrocktest.Reply(w, r)
		})
		defer stop()
		began := time.Now()
		_, facts, err := a.Converse(t.Context(), call("m", `{}`), caller)
		if err != nil || facts.Attempts != 2 || time.Since(began) != 0 {
			t.Errorf("%+v, %v after %v", facts, err, time.Since(began))
		}
	})
}

// While region A throttles everything, no client gets an error and few wait; when A
// recovers, the traffic returns.
func TestThrottledRegion(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		var throttled atomic.Bool
		var atA, atB atomic.Int64
		throttled.Store(true)
		a, _, stop := pairOverPipes(t, Config{}, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Host == "b.test":
				atB.Add(1)
			case throttled.Load():
				atA.Add(1)
				bedrocktest.Refuse(w, 429, "ThrottlingException")
				return
			}
			bedrocktest.Reply(w, r)
		})
		defer stop()
		const calls = 1000
		var added, worst time.Duration
		for range calls { // 100 s of them
			began := time.Now()
			events, facts, err := collect(t.Context(), a, call("m", `{}`), translator.Caller{})
			if err != nil || len(events) != 5 || facts.Backend != "b" {
				t.Fatalf("got %d events of %s, %v, want 5 of b", len(events), facts.Backend, err)
			}
			took := time.Since(began)
			added, worst = added+took, max(worst, took)
			time.Sleep(100 * time.Millisecond)
		}
		t.Logf("A was called %d times for %d requests; added time: mean %v, worst %v", atA.Load(), calls, added/calls, worst)
		if n := atA.Load(); n < 5 || n > 10 || atB.Load() != calls {
			t.Errorf("%d calls to A, %d to B", n, atB.Load())
		}
		throttled.Store(false)
		time.Sleep(30 * time.Second) // the longest pause
		for range 10 {
			if _, facts, err := a.Converse(t.Context(), call("m", `{}`), translator.Caller{}); err != nil || facts.Backend != "a" || facts.Attempts != 1 {
				t.Errorf("got %+v, %v, want an answer of a after 1 attempt", facts, err)
			}
		}
	})
}
