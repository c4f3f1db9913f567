package converseapi

import (
	"bytes"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

func TestStreamFailures(t *testing.T) {
	bedrocktest.Isolate(t)
	broken := bedrocktest.Event("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"x"},"p":"a"}`)
	broken[len(broken)-6] ^= 1
	half := bedrocktest.Event("contentBlockStop", `{"contentBlockIndex":0}`)
	half = half[:len(half)/2]
	truncated := failure{500, translator.KindTruncated, false, 0, ""}
	bad := failure{500, translator.KindBadAnswer, false, 0, ""}
	tests := map[string]struct {
		frame []byte
		abort bool
		want  failure
	}{
		"end between frames":    {nil, false, truncated},
		"end inside a frame":    {half, false, truncated},
		"cut between frames":    {nil, true, truncated},
		"cut inside a frame":    {half, true, truncated},
		"throttling":            {bedrocktest.Exception("throttlingException", "why"), false, failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"}},
		"throttling, capital":   {bedrocktest.Exception("ThrottlingException", "why"), false, failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"}},
		"throttling, namespace": {bedrocktest.Exception("com.amazon.bedrock#throttlingException:http://internal.amazon.com/coral/", "why"), false, failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"}},
		"validation":            {bedrocktest.Exception("validationException", "why"), false, failure{400, translator.KindValidation, false, 0, "ValidationException"}},
		"internal":              {bedrocktest.Exception("internalServerException", "why"), false, failure{500, translator.KindInternalServer, true, 0, "InternalServerException"}},
		"unavailable":           {bedrocktest.Exception("serviceUnavailableException", "why"), false, failure{503, translator.KindUnavailable, true, time.Second, "ServiceUnavailableException"}},
		"model stream":          {bedrocktest.Exception("modelStreamErrorException", "why"), false, failure{424, translator.KindModel, false, 0, "ModelStreamErrorException"}},
		"tool sequence":         {bedrocktest.Exception("modelStreamErrorException", "Model produced invalid sequence as part of ToolUse."), false, failure{424, translator.KindModel, false, 0, "ModelStreamErrorException"}},
		"timeout":               {bedrocktest.Exception("modelTimeoutException", "why"), false, failure{500, translator.KindTimeout, false, 0, "ModelTimeoutException"}},
		"unknown exception":     {bedrocktest.Exception("newException", "why"), false, failure{500, translator.KindBadAnswer, false, 0, "NewException"}},
		"nameless exception":    {bedrocktest.Exception("", "why"), false, bad},
		"error message": {
			bedrocktest.Frame("", ":message-type", "error", ":error-code", "ThrottlingException", ":error-message", "why"),
			false,
			failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"},
		},
		"checksum":             {broken, false, bad},
		"too long":             {bedrocktest.Promise(1 << 30), false, bad},
		"unknown message type": {bedrocktest.Frame("{}", ":message-type", "news"), false, bad},
		"event without type":   {bedrocktest.Frame("{}", ":message-type", "event"), false, bad},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var before [][]byte
				c, _, stop := overPipes(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Amzn-Requestid", "req-1")
					bedrocktest.SendStream(w, append(before, tt.frame)...)
					if tt.abort {
						panic(http.ErrAbortHandler)
					}
				})
				defer stop()
				_, facts, err := collect(t, c, translator.Caller{})
				check(t, facts, err, tt.want)

				before = bedrocktest.Answer("hi")[:2]
				events, facts, err := collect(t, c, translator.Caller{})
				check(t, facts, err, tt.want)
				if len(events) != 2 {
					t.Errorf("events before the error: %v", events)
				}
			})
		})
	}
}

// check compares an error. Its facts must be those of an answer with the request id
// req-1.
func check(t *testing.T, facts Facts, err error, want failure) {
	t.Helper()
	e := asError(t, err)
	if diff := cmp.Diff(want, outline(e)); diff != "" {
		t.Error(diff)
	}
	if !facts.Sent || facts.InvocationID == "" || facts.AWSRequestID != "req-1" || facts.ClockCorrected {
		t.Errorf("facts %+v", facts)
	}
	if e.Message == "" {
		t.Error("no message")
	}
	if !e.Facts.IsZero() {
		t.Errorf("facts of a whole call in the error of one attempt: %+v", e.Facts)
	}
}

// After messageStop the answer is complete, with or without token counts.
func TestStreamCutAfterMessageStop(t *testing.T) {
	bedrocktest.Isolate(t)
	for name, abort := range map[string]bool{"end": false, "cut": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _, stop := overPipes(t, func(w http.ResponseWriter, _ *http.Request) {
					bedrocktest.SendStream(w, bedrocktest.Answer("hi")[:4]...)
					if abort {
						panic(http.ErrAbortHandler)
					}
				})
				defer stop()
				events, _, err := collect(t, c, translator.Caller{})
				if err != nil || len(events) != 4 || events[3].Kind != "messageStop" {
					t.Errorf("got %v, %v, want 4 events, messageStop last", events, err)
				}
			})
		})
	}
}

func TestStreamExceptionAfterMessageStop(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		c, _, stop := overPipes(t, func(w http.ResponseWriter, _ *http.Request) {
			bedrocktest.SendStream(w, append(bedrocktest.Answer("hi")[:4], bedrocktest.Exception("internalServerException", "why"))...)
		})
		defer stop()
		events, _, err := collect(t, c, translator.Caller{})
		if e := asError(t, err); e.Kind != translator.KindInternalServer || e.Message != "why" || len(events) != 4 {
			t.Errorf("got %v, %v, want 4 events, then %s: why", events, err, translator.KindInternalServer)
		}
	})
}

func TestStreamOfOtherContent(t *testing.T) {
	bedrocktest.Isolate(t)
	for _, contentType := range []string{"application/json", "text/html", "", ";"} {
		url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			_, _ = w.Write(bytes.Join(bedrocktest.Answer("hi"), nil))
		})
		_, facts, err := collect(t, newTestClient(t, url, nil), translator.Caller{})
		check(t, facts, err, failure{500, translator.KindBadAnswer, false, 0, ""})
	}
}

// A stream ends once messageStop and metadata have come, in either order, although the
// connection stays open.
func TestStreamEndsAfterEarlyMetadata(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		whole := bedrocktest.Answer("hi")
		c, _, stop := overPipes(t, func(w http.ResponseWriter, r *http.Request) {
			bedrocktest.SendStream(w, whole[4], whole[0], whole[1], whole[2], whole[3])
			<-r.Context().Done()
		})
		defer stop()
		began := time.Now()
		events, _, err := collect(t, c, translator.Caller{})
		if err != nil || len(events) != 5 || events[4].Kind != "messageStop" {
			t.Errorf("got %v, %v, want 5 events, messageStop last", events, err)
		}
		if waited := time.Since(began); waited != drainTime {
			t.Errorf("waited %v of synthetic time", waited)
		}
	})
}

// A complete answer waits a short time for its token counts.
func TestStreamWithoutMetadata(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		c, p, stop := overPipes(t, func(w http.ResponseWriter, r *http.Request) {
			bedrocktest.SendStream(w, bedrocktest.Answer("hi")[:4]...)
			<-r.Context().Done()
		})
		defer stop()
		began := time.Now()
		events, _, err := collect(t, c, translator.Caller{})
		if err != nil || len(events) != 4 {
			t.Errorf("got %v, %v, want 4 events", events, err)
		}
		if waited := time.Since(began); waited != metadataWait {
			t.Errorf("waited %v of synthetic time", waited)
		}
		synctest.Wait()
		if n := p.Open.Load(); n != 0 {
			t.Errorf("%d connections left", n)
		}
	})
}

// An error closes the connection, even one that goes on sending.
func TestRefusalsCloseTheConnection(t *testing.T) {
	bedrocktest.Isolate(t)
	tests := map[string]func(w http.ResponseWriter){
		"error without end": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write(make([]byte, maxErrorBody+10))
		},
		"exception first": func(w http.ResponseWriter) {
			bedrocktest.SendStream(w, bedrocktest.Exception("internalServerException", "why"))
		},
		"not an event stream": func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
	}
	for name, start := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, p, stop := overPipes(t, func(w http.ResponseWriter, r *http.Request) {
					start(w)
					if err := http.NewResponseController(w).Flush(); err != nil {
						return
					}
					<-r.Context().Done()
				})
				defer stop()
				_, _, err := collect(t, c, translator.Caller{})
				if e := asError(t, err); e.Status != http.StatusInternalServerError {
					t.Errorf("got status %d (%v), want 500", e.Status, e)
				}
				synctest.Wait()
				if n := p.Open.Load(); n != 0 {
					t.Errorf("%d connections left", n)
				}
				if name == "error without end" {
					_, _, err = converse(t, c, translator.Caller{})
					if e := asError(t, err); e.Status != http.StatusInternalServerError {
						t.Errorf("got status %d (%v), want 500", e.Status, e)
					}
				}
			})
		})
	}
}

// A connection that stays open after the last event delays nothing, and one whose
// stream ends is used again.
func TestStreamEndsAfterMetadata(t *testing.T) {
	bedrocktest.Isolate(t)
	synctest.Test(t, func(t *testing.T) {
		stall := false
		c, p, stop := overPipes(t, func(w http.ResponseWriter, r *http.Request) {
			bedrocktest.SendStream(w, bedrocktest.Answer("hi")...)
			if stall {
				<-r.Context().Done()
			}
		})
		defer stop()
		for range 3 {
			if events, _, err := collect(t, c, translator.Caller{}); err != nil || len(events) != 5 {
				t.Fatalf("got %v, %v, want 5 events", events, err)
			}
		}
		if n := p.Dials.Load(); n != 1 {
			t.Errorf("%d dials for 3 streams", n)
		}
		stall = true
		began := time.Now()
		if events, _, err := collect(t, c, translator.Caller{}); err != nil || len(events) != 5 {
			t.Errorf("got %v, %v, want 5 events", events, err)
		}
		if waited := time.Since(began); waited != drainTime {
			t.Errorf("waited %v of synthetic time", waited)
		}
		synctest.Wait()
		if n := p.Open.Load(); n != 0 {
			t.Errorf("%d connections left", n)
		}
	})
}
