package extproc_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"bedrock-extproc/translator"
)

// truncated is a backend's error for a stream without its last event.
func truncated() error {
	return &translator.Error{Status: 500, Kind: translator.KindTruncated, Message: "Cut.", Facts: bedrockFacts, Cause: errors.New(prompt)}
}

// shapes are the three ways in which a call is answered.
var shapes = map[string]struct {
	mode bodyMode
	path string
	full string // the successful answer
}{
	"whole":    {modeFullDuplex, "/whole", "reply: hello"},
	"streamed": {modeFullDuplex, "/stream", data("one") + data("two") + data("end_turn") + data("end")},
	"buffered": {modeBuffered, "/stream", data("one") + data("two") + data("end_turn") + data("end")},
}

// A fault makes a call fail in one way. A whole call has no late bytes: each of its
// faults has its own status.
type fault struct {
	arrange func(s *sidecar)
	status  int // of a whole answer
	early   bool
	kind    translator.Kind
}

var faults = map[string]fault{
	"ok": {func(*sidecar) {}, 200, false, ""},
	"early error": {func(s *sidecar) {
		s.failWhole(refusal())
		s.backend.converseStream = script(step{err: refusal()})
	}, 429, true, translator.KindThrottled},
	"late error": {func(s *sidecar) {
		s.failWhole(refusal())
		s.backend.converseStream = script(messageStart, delta("one"), step{err: refusal()})
	}, 429, false, translator.KindThrottled},
	"truncated": {func(s *sidecar) {
		s.failWhole(truncated())
		s.backend.converseStream = script(messageStart, delta("one"), step{err: truncated()})
	}, 500, false, translator.KindTruncated},
	"early panic": {func(s *sidecar) {
		s.dialect.decode = func(translator.Request) (*translator.Call, error) { secretive(); return nil, nil }
	}, 500, true, translator.KindInternal},
	"late panic": {func(s *sidecar) {
		s.dialect.encodeReply = func([]byte, translator.Facts) (translator.Response, translator.Summary, error) {
			secretive()
			return translator.Response{}, translator.Summary{}, nil
		}
		s.dialect.appendEvent = appendUntil("two")
	}, 500, false, translator.KindInternal},
}

func (s *sidecar) failWhole(err error) {
	s.backend.converse = func(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
		return nil, bedrockFacts, err
	}
}

func TestMatrix(t *testing.T) {
	for shapeName, shape := range shapes {
		for faultName, fault := range faults {
			t.Run(shapeName+" "+faultName, func(t *testing.T) {
				bothCloses(t, func(s *sidecar) {
					s.envoy.mode = shape.mode
					fault.arrange(s)
					a := s.post(shape.path, "", "x-request-id", "id-1").answer()
					whole := shape.path == "/whole" || fault.early
					switch {
					case fault.kind == "":
						s.checkAnswer(&a, 200, shape.full)
					case whole:
						s.checkAnswer(&a, fault.status, "")
						if e := decodeError(s.t, a.body()); e.Kind != string(fault.kind) || e.RequestID != "id-1" {
							s.t.Errorf("error %+v", e)
						}
					default:
						s.checkAnswer(&a, 200, data("one")+data("error "+string(fault.kind)+" id-1"))
					}
					if immediate := whole || shape.mode == modeBuffered; a.immediate != immediate && fault.kind != "" {
						s.t.Errorf("immediate %v, want %v", a.immediate, immediate)
					}
					if o := s.outcome(); o.ErrorKind != fault.kind || o.Status != a.status || o.ClientGone || o.BytesOut != len(a.body()) {
						s.t.Errorf("outcome %+v", o)
					}
					s.works()
				})
			})
		}
		t.Run(shapeName+" gone", func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				s.envoy.mode = shape.mode
				steps := make(chan step)
				s.backend.converse, s.backend.converseStream = gate(nil), live(steps)
				c := s.post(shape.path, "")
				if shape.path == "/stream" {
					steps <- delta("one")
				}
				synctest.Wait()
				c.leave()
				if a := c.wait(); a.complete {
					s.t.Errorf("answer %+v", a)
				}
				s.checkGone(1)
			})
		})
		t.Run(shapeName+" stopped", func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				s.envoy.mode = shape.mode
				s.backend.converse, s.backend.converseStream = gate(nil), live(nil)
				c := s.post(shape.path, "")
				synctest.Wait()
				s.Stop()
				a := c.answer()
				s.checkDraining(&a)
			})
		})
	}
}

func (s *sidecar) checkAnswer(a *answer, status int, body string) {
	s.t.Helper()
	if a.status != status || body != "" && a.body() != body {
		s.t.Errorf("got %d %q, want %d %q", a.status, a.body(), status, body)
	}
	s.checkSecrets("answer", a.body()+a.details)
}
