package extproc_test

import (
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// cutting is a dialect that cuts off its failed streams.
func cutting(s *sidecar) {
	s.dialect.decode = func(req translator.Request) (*translator.Call, error) {
		return &translator.Call{Model: "m", Streaming: req.Streaming, CutFailed: true, Encoder: &s.dialect.fakeEncoder}, nil
	}
}

// expectCut waits for an RPC that fails, after the body and without an end. Envoy then
// breaks off the client's response.
func (c *call) expectCut(body string) {
	c.t.Helper()
	began := time.Now()
	a := c.wait()
	if a.body() != body {
		c.t.Errorf("body %q, want %q", a.body(), body)
	}
	if a.complete || status.Code(a.rpcErr) != codes.Aborted {
		c.t.Errorf("the RPC ended with %v (complete: %v), want %v", a.rpcErr, a.complete, codes.Aborted)
	}
	if time.Since(began) == 0 {
		c.t.Error("the error event had no time to reach the client")
	}
}

// TestFailedStreamIsCut cuts a stream in each state in which it can fail after its headers.
func TestFailedStreamIsCut(t *testing.T) {
	t.Run("after an event", func(t *testing.T) {
		bothCloses(t, func(s *sidecar) {
			s.backend.converseStream = script(messageStart, delta("one"), step{err: refusal()})
			s.post("/stream", "", "x-request-id", "id-1").expectCut(data("one") + data("error bedrock_throttled id-1"))
			a := s.outcome()
			if a.Status != 200 || a.ErrorKind != translator.KindThrottled || a.ClientGone || a.Summary.OutputTokens != 2 {
				s.t.Errorf("outcome %+v", a)
			}
		}, cutting)
	})
	t.Run("after a keep-alive", func(t *testing.T) {
		bothCloses(t, func(s *sidecar) {
			steps := make(chan step)
			s.backend.converseStream = live(steps)
			c := s.post("/stream", "", "x-request-id", "id-1")
			time.Sleep(extproc.DefaultKeepAlive)
			c.expect(comment)
			steps <- step{err: refusal()}
			c.expectCut(comment + data("error bedrock_throttled id-1"))
		}, cutting)
	})
	t.Run("when the sidecar stops", func(t *testing.T) {
		bothCloses(t, func(s *sidecar) {
			steps := make(chan step)
			s.backend.converseStream = live(steps)
			c := s.post("/stream", "", "x-request-id", "id-1")
			steps <- delta("one")
			c.expect(data("one"))
			s.Stop()
			c.expectCut(data("one") + data("error draining id-1"))
		}, cutting)
	})
	t.Run("by a panic", func(t *testing.T) {
		bothCloses(t, func(s *sidecar) {
			s.dialect.appendEvent = appendUntil("two")
			s.post("/stream", "", "x-request-id", "id-1").expectCut(data("one") + data("error internal_error id-1"))
		}, cutting)
	})
}

// TestWhatIsNotCut has complete answers, although the call asks for a cut.
func TestWhatIsNotCut(t *testing.T) {
	for name, c := range map[string]struct {
		mode    bodyMode
		path    string
		arrange func(s *sidecar)
		status  int
	}{
		"a success":       {modeFullDuplex, "/stream", func(*sidecar) {}, 200},
		"an early error":  {modeFullDuplex, "/stream", func(s *sidecar) { s.backend.converseStream = script(step{err: refusal()}) }, 429},
		"a whole error":   {modeFullDuplex, "/whole", func(s *sidecar) { s.failWhole(refusal()) }, 429},
		"a buffered fail": {modeBuffered, "/stream", func(s *sidecar) { s.backend.converseStream = script(delta("one"), step{err: refusal()}) }, 200},
	} {
		t.Run(name, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				s.envoy.mode = c.mode
				c.arrange(s)
				if a := s.post(c.path, "").answer(); a.status != c.status {
					s.t.Errorf("answer %+v", a)
				}
			}, cutting)
		})
	}
}

// A client that leaves while its stream is cut is not waited for.
func TestClientLeavesDuringTheCut(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.envoy.graceful = false
		s.backend.converseStream = script(delta("one"), step{err: refusal()})
		c := s.post("/stream", "", "x-request-id", "id-1")
		synctest.Wait()
		began := time.Now()
		c.leave()
		c.wait()
		if took := time.Since(began); took != 0 {
			s.t.Errorf("the RPC ended after %v", took)
		}
	}, cutting)
}

// EncodeError learns whether the client asked for a stream, also without a call.
func TestErrorsOfStreams(t *testing.T) {
	for path, streaming := range map[string]bool{"/stream": true, "/whole": false, "/nowhere": false} {
		for name, headers := range map[string][]string{"of the call": nil, "before it": {"content-encoding", "br"}} {
			t.Run(path+" "+name, func(t *testing.T) {
				bubble(t, func(s *sidecar) {
					s.failWhole(refusal())
					s.backend.converseStream = script(step{err: refusal()})
					s.dialect.encodeError = func(e *translator.Error) translator.Response {
						if e.Streaming != streaming {
							s.t.Errorf("streaming %v, want %v", e.Streaming, streaming)
						}
						return translator.Response{Status: 200, ContentType: "text/event-stream", Body: []byte(data("early"))}
					}
					a := s.post(path, "", headers...).answer()
					if a.status != 200 || a.body() != data("early") || a.header["content-type"] != "text/event-stream" {
						s.t.Errorf("answer %+v", a)
					}
					if o := s.outcome(); o.Status != 200 || o.ErrorKind == "" {
						s.t.Errorf("outcome %+v", o)
					}
				})
			})
		}
	}
}
