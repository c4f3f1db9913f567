package extproc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

const comment = ": keep-alive\n\n"

func data(text string) string { return "data: " + text + "\n\n" }

// expect compares the messages that the client has received with parts.
func (c *call) expect(parts ...string) {
	c.t.Helper()
	synctest.Wait()
	a := c.soFar()
	if diff := cmp.Diff(parts, a.parts); diff != "" {
		c.t.Errorf("after %d messages (-want +got):\n%s", len(parts), diff)
	}
	if want := len(parts) > 0; a.begun != want {
		c.t.Errorf("response headers are out: %v, want %v", a.begun, want)
	}
}

func TestEventsArriveOneByOne(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.post("/stream", "")
		c.expect()
		steps <- messageStart
		c.expect() // the event has no bytes, and its stream may still fail
		steps <- delta("one")
		c.expect(data("one"))
		steps <- delta("two")
		c.expect(data("one"), data("two"))
		steps <- messageStop
		c.expect(data("one"), data("two"), data("end_turn"))
		close(steps)
		a := c.answer()
		c.expect(data("one"), data("two"), data("end_turn"), data("end"))
		if a.status != 200 || a.header["content-type"] != "text/event-stream" {
			s.t.Errorf("answer %+v", a)
		}
		if a.metadata["stop_reason"] != "end_turn" || a.metadata["output_tokens"] != 4.0 {
			s.t.Errorf("metadata %v", a.metadata)
		}
	})
}

func TestEventsWithoutAnyText(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		s.backend.converseStream = script(messageStart)
		if a := s.post("/stream", "").answer(); a.status != 200 || a.body() != data("end") {
			s.t.Errorf("answer %+v", a)
		}
	})
}

func TestKeepAlive(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.post("/stream", "")
		time.Sleep(extproc.DefaultKeepAlive - time.Nanosecond)
		c.expect()
		time.Sleep(time.Nanosecond)
		c.expect(comment)
		time.Sleep(extproc.DefaultKeepAlive)
		c.expect(comment, comment)

		time.Sleep(extproc.DefaultKeepAlive - time.Nanosecond)
		steps <- delta("one")
		c.expect(comment, comment, data("one"))
		time.Sleep(extproc.DefaultKeepAlive - time.Nanosecond) // an event ends the silence
		c.expect(comment, comment, data("one"))
		time.Sleep(time.Nanosecond)
		c.expect(comment, comment, data("one"), comment)
		close(steps)
		c.answer()
		c.expect(comment, comment, data("one"), comment, data("end"))
		if o := s.outcome(); o.KeepAlives != 3 {
			s.t.Errorf("%d keep-alives in the record, want 3", o.KeepAlives)
		}
	})
}

func TestKeepAliveIsConfigured(t *testing.T) {
	bubble(t, func(s *sidecar) {
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.post("/stream", "")
		time.Sleep(3 * time.Second)
		c.expect(comment, comment, comment)
		close(steps)
		c.answer()
	}, func(s *sidecar) { s.cfg.KeepAlive = time.Second })
}

// Once a comment was sent with the response headers, an error has no status of its
// own.
func TestFailureAfterKeepAliveIsInBand(t *testing.T) {
	failures := map[string]struct {
		fail step
		want translator.Kind
	}{
		"error": {step{err: refusal()}, translator.KindThrottled},
		"panic": {step{err: errWantPanic}, translator.KindInternal},
	}
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				steps := make(chan step)
				s.backend.converseStream = panicking(live(steps))
				c := s.post("/stream", "", "x-request-id", "id-1")
				time.Sleep(extproc.DefaultKeepAlive)
				c.expect(comment)
				steps <- failure.fail
				a := c.answer()
				c.expect(comment, "data: error "+string(failure.want)+" id-1\n\n")
				if a.status != 200 || a.metadata["error"] != string(failure.want) {
					s.t.Errorf("status %d, metadata %v", a.status, a.metadata)
				}
				if o := s.outcome(); o.Status != 200 || o.ErrorKind != failure.want {
					s.t.Errorf("outcome %+v", o)
				}
			})
		})
	}
}

var errWantPanic = errors.New("please panic")

// panicking turns an early errWantPanic into a panic.
func panicking(f streamFunc) streamFunc {
	return func(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
		events, facts, err := f(ctx, call, caller)
		if errors.Is(err, errWantPanic) {
			panic(prompt)
		}
		return events, facts, err
	}
}

func TestLateFailureIsInBand(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.post("/stream", "", "x-request-id", "id-1")
		steps <- messageStart
		steps <- delta("one")
		c.expect(data("one"))
		steps <- step{err: &translator.Error{Status: 424, Kind: translator.KindModel, AWSError: "ModelStreamErrorException"}}
		a := c.answer()
		c.expect(data("one"), data("error bedrock_model_error id-1"))
		if a.status != 200 || a.metadata["error"] != "bedrock_model_error" || a.metadata["output_tokens"] != 2.0 {
			s.t.Errorf("status %d, metadata %v", a.status, a.metadata)
		}
		o := s.outcome()
		if o.Status != 200 || o.ErrorKind != translator.KindModel || o.AWSError != "ModelStreamErrorException" || o.Summary.OutputTokens != 2 {
			s.t.Errorf("outcome %+v", o)
		}
		s.works()
	})
}

// Bytes before a failure are sent, in order, with it.
func TestFailureKeepsWhatCameBefore(t *testing.T) {
	tests := map[string]func(s *sidecar){
		"of the stream": func(s *sidecar) {
			s.backend.converseStream = script(delta("one"), delta("two"), step{err: refusal()})
		},
		"of an event": func(s *sidecar) {
			s.dialect.appendEvent = func(dst []byte, ev translator.Event) ([]byte, error) {
				if string(ev.Payload) == "bad" {
					return append(dst, data("two")...), refusal()
				}
				return append(dst, data(string(ev.Payload))...), nil
			}
			s.backend.converseStream = script(delta("one"), delta("bad"), delta("three"))
		},
	}
	for name, arrange := range tests {
		for _, mode := range modesWithBody {
			t.Run(name+" "+mode.String(), func(t *testing.T) {
				bothCloses(t, func(s *sidecar) {
					s.envoy.mode = mode
					arrange(s)
					a := s.post("/stream", "", "x-request-id", "id-1").answer()
					want := data("one") + data("two") + data("error bedrock_throttled id-1")
					if a.status != 200 || a.body() != want {
						s.t.Errorf("status %d, body %q", a.status, a.body())
					}
				})
			})
		}
	}
}

func TestBufferedStreamComesInOnePiece(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		s.envoy.mode = modeBuffered
		a := s.post("/stream", "").answer()
		if want := data("one") + data("two") + data("end_turn") + data("end"); a.body() != want || !a.immediate {
			s.t.Errorf("answer %+v", a)
		}
		if a.status != 200 || a.header["content-type"] != "text/event-stream" || a.metadata["output_tokens"] != 4.0 {
			s.t.Errorf("answer %+v", a)
		}
		logs := s.logs.FilterMessageSnippet("one piece").All()
		if len(logs) != 1 || logs[0].Level != zap.WarnLevel || !strings.Contains(fmt.Sprint(logs[0].ContextMap()), "request_body_mode: FULL_DUPLEX_STREAMED") {
			s.t.Errorf("log %v; want one warning that names the setting", logs)
		}
	})
}

func TestBufferedLateFailureHasItsDetails(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.envoy.mode = modeBuffered
		s.backend.converseStream = script(delta("one"), step{err: refusal()})
		if a := s.post("/stream", "").answer(); a.status != 200 || a.details != "bedrock_extproc_bedrock_throttled" {
			s.t.Errorf("status %d, details %s", a.status, a.details)
		}
	})
}
