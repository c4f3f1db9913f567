package bedrock

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/translator"
)

// promise is a prelude that announces a frame of n bytes.
func promise(n uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, n)
	b = binary.BigEndian.AppendUint32(b, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func TestStreamFailures(t *testing.T) {
	isolate(t)
	broken := event("contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"x"},"p":"a"}`)
	broken[len(broken)-6] ^= 1
	half := event("contentBlockStop", `{"contentBlockIndex":0}`)
	half = half[:len(half)/2]
	truncated := failure{502, translator.KindTruncated, true, 0, ""}
	bad := failure{502, translator.KindBadAnswer, false, 0, ""}
	tests := map[string]struct {
		frame []byte
		abort bool
		want  failure
	}{
		"end between frames":  {nil, false, truncated},
		"end inside a frame":  {half, false, truncated},
		"cut between frames":  {nil, true, truncated},
		"cut inside a frame":  {half, true, truncated},
		"throttling":          {exceptionFrame("throttlingException", "why"), false, failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"}},
		"throttling, capital": {exceptionFrame("ThrottlingException", "why"), false, failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"}},
		"validation":          {exceptionFrame("validationException", "why"), false, failure{400, translator.KindValidation, false, 0, "ValidationException"}},
		"internal":            {exceptionFrame("internalServerException", "why"), false, failure{502, translator.KindInternalServer, true, 0, "InternalServerException"}},
		"unavailable":         {exceptionFrame("serviceUnavailableException", "why"), false, failure{503, translator.KindUnavailable, true, time.Second, "ServiceUnavailableException"}},
		"model stream":        {exceptionFrame("modelStreamErrorException", "why"), false, failure{502, translator.KindModel, true, 0, "ModelStreamErrorException"}},
		"tool sequence":       {exceptionFrame("modelStreamErrorException", "Model produced invalid sequence as part of ToolUse."), false, failure{502, translator.KindModel, false, 0, "ModelStreamErrorException"}},
		"timeout":             {exceptionFrame("modelTimeoutException", "why"), false, failure{504, translator.KindTimeout, true, 0, "ModelTimeoutException"}},
		"unknown exception":   {exceptionFrame("newException", "why"), false, failure{502, translator.KindBadAnswer, false, 0, "NewException"}},
		"nameless exception":  {exceptionFrame("", "why"), false, bad},
		"error message": {
			frame("", ":message-type", "error", ":error-code", "ThrottlingException", ":error-message", "why"),
			false,
			failure{429, translator.KindThrottled, true, time.Second, "ThrottlingException"},
		},
		"checksum":             {broken, false, bad},
		"too long":             {promise(1 << 30), false, bad},
		"unknown message type": {frame("{}", ":message-type", "news"), false, bad},
		"event without type":   {frame("{}", ":message-type", "event"), false, bad},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var before [][]byte
				b, _, stop := overPipes(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Amzn-Requestid", "req-1")
					sendStream(w, append(before, tt.frame)...)
					if tt.abort {
						panic(http.ErrAbortHandler)
					}
				})
				defer stop()
				_, _, err := b.ConverseStream(t.Context(), call("m", `{}`), translator.Caller{})
				check(t, err, tt.want)

				before = answer("hi")[:2]
				events, _, err := collect(t.Context(), b, call("m", `{}`), translator.Caller{})
				check(t, err, tt.want)
				if len(events) != 2 {
					t.Errorf("events before the error: %v", events)
				}
			})
		})
	}
}

// check compares an error and its facts.
func check(t *testing.T, err error, want failure) {
	t.Helper()
	e := asError(t, err)
	if diff := cmp.Diff(want, outline(e)); diff != "" {
		t.Error(diff)
	}
	facts := translator.Facts{AWSRequestID: "req-1", Backend: "here", Region: "us-west-2", ModelID: "m", Attempts: 1}
	if diff := cmp.Diff(facts, e.Facts); diff != "" {
		t.Error(diff)
	}
	if e.Message == "" {
		t.Error("no message")
	}
}

// After messageStop the answer is whole, with or without token counts.
func TestStreamCutAfterMessageStop(t *testing.T) {
	isolate(t)
	for name, abort := range map[string]bool{"end": false, "cut": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, _, stop := overPipes(t, func(w http.ResponseWriter, _ *http.Request) {
					sendStream(w, answer("hi")[:4]...)
					if abort {
						panic(http.ErrAbortHandler)
					}
				})
				defer stop()
				events, _, err := collect(t.Context(), b, call("m", `{}`), translator.Caller{})
				if err != nil || len(events) != 4 || events[3].Kind != "messageStop" {
					t.Errorf("%v, %v", events, err)
				}
			})
		})
	}
}

func TestStreamExceptionAfterMessageStop(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		b, _, stop := overPipes(t, func(w http.ResponseWriter, _ *http.Request) {
			sendStream(w, append(answer("hi")[:4], exceptionFrame("internalServerException", "why"))...)
		})
		defer stop()
		events, _, err := collect(t.Context(), b, call("m", `{}`), translator.Caller{})
		if e := asError(t, err); e.Kind != translator.KindInternalServer || e.Message != "why" || len(events) != 4 {
			t.Errorf("%v, %v", events, err)
		}
	})
}

func TestStreamOfOtherContent(t *testing.T) {
	isolate(t)
	for _, contentType := range []string{"application/json", "text/html", "", ";"} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{contentType}
			_, _ = w.Write(bytes.Join(answer("hi"), nil))
		})
		_, _, err := newTestBackend(t, Config{}, url).ConverseStream(t.Context(), call("m", `{}`), translator.Caller{})
		check(t, err, failure{502, translator.KindBadAnswer, false, 0, ""})
	}
}

// Token counts end the stream only where they end the answer.
func TestStreamGoesOnAfterEarlyMetadata(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		whole := answer("hi")
		b, _, stop := overPipes(t, func(w http.ResponseWriter, _ *http.Request) {
			sendStream(w, append([][]byte{whole[4]}, whole...)...)
		})
		defer stop()
		events, _, err := collect(t.Context(), b, call("m", `{}`), translator.Caller{})
		if err != nil || len(events) != 6 {
			t.Errorf("%v, %v", events, err)
		}
	})
}

// A refusal gives the connection up, even one that goes on sending.
func TestRefusalsCloseTheConnection(t *testing.T) {
	isolate(t)
	tests := map[string]func(w http.ResponseWriter){
		"error without end": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write(make([]byte, maxErrorBody+10))
		},
		"exception first":     func(w http.ResponseWriter) { sendStream(w, exceptionFrame("internalServerException", "why")) },
		"not an event stream": func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
	}
	for name, start := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, p, stop := overPipes(t, func(w http.ResponseWriter, r *http.Request) {
					start(w)
					if err := http.NewResponseController(w).Flush(); err != nil {
						return
					}
					<-r.Context().Done()
				})
				defer stop()
				_, _, err := b.ConverseStream(t.Context(), call("m", `{}`), translator.Caller{})
				if e := asError(t, err); e.Status != http.StatusBadGateway {
					t.Errorf("%v", e)
				}
				synctest.Wait()
				if n := p.open.Load(); n != 0 {
					t.Errorf("%d connections left", n)
				}
				if name == "error without end" {
					_, _, err = b.Converse(t.Context(), call("m", `{}`), translator.Caller{})
					if e := asError(t, err); e.Status != http.StatusBadGateway {
						t.Errorf("%v", e)
					}
				}
			})
		})
	}
}

// A connection that stays open after the last event holds nobody up, and one that
// ends is used again.
func TestStreamEndsAfterMetadata(t *testing.T) {
	isolate(t)
	synctest.Test(t, func(t *testing.T) {
		stall := false
		b, p, stop := overPipes(t, func(w http.ResponseWriter, r *http.Request) {
			sendStream(w, answer("hi")...)
			if stall {
				<-r.Context().Done()
			}
		})
		defer stop()
		for range 3 {
			if events, _, err := collect(t.Context(), b, call("m", `{}`), translator.Caller{}); err != nil || len(events) != 5 {
				t.Fatalf("%v, %v", events, err)
			}
		}
		if n := p.dials.Load(); n != 1 {
			t.Errorf("%d dials for 3 streams", n)
		}
		stall = true
		began := time.Now()
		if events, _, err := collect(t.Context(), b, call("m", `{}`), translator.Caller{}); err != nil || len(events) != 5 {
			t.Errorf("%v, %v", events, err)
		}
		if waited := time.Since(began); waited != drainTime {
			t.Errorf("waited %v of synthetic time", waited)
		}
		synctest.Wait()
		if n := p.open.Load(); n != 0 {
			t.Errorf("%d connections left", n)
		}
	})
}
