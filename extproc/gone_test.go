package extproc_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// checkGone checks the end of a call whose client has left: the backend's context has
// ended, and the outcome is recorded. The bubble fails if a goroutine is left.
func (s *sidecar) checkGone(calls int) {
	s.t.Helper()
	if o := s.outcome(); !o.ClientGone || o.ErrorKind != "" {
		s.t.Errorf("outcome %+v", o)
	}
	causes := s.backend.causes()
	if len(causes) != calls {
		s.t.Fatalf("%d calls have ended, want %d", len(causes), calls)
	}
	for _, cause := range causes {
		if cause == nil || errors.Is(cause, context.Canceled) {
			s.t.Errorf("the call ended with cause %v, want a reason", cause)
		}
	}
	if errs := s.logs.FilterLevelExact(zap.ErrorLevel); errs.Len() != 0 {
		s.t.Errorf("a client that left was logged as an error: %v", errs.All())
	}
	s.works()
}

func TestClientGoneBeforeTheFirstMessage(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		c := s.envoy.dial(s.t)
		synctest.Wait()
		c.leave()
		c.wait()
		s.checkGone(0)
	})
}

func TestClientGoneDuringUpload(t *testing.T) {
	for _, mode := range modesWithBody {
		t.Run(mode.String(), func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				s.envoy.mode = mode
				c := s.envoy.open(s.t, false, requestHeaders("POST", "/whole")...)
				if mode == modeFullDuplex {
					c.body("abc", false)
				}
				synctest.Wait()
				c.leave()
				if a := c.wait(); a.immediate || a.begun {
					s.t.Errorf("an answer: %+v", a)
				}
				s.checkGone(0)
			})
		})
	}
}

func TestClientGoneDuringCall(t *testing.T) {
	for _, path := range []string{"/whole", "/stream"} {
		for _, mode := range modesWithBody {
			t.Run(path+" "+mode.String(), func(t *testing.T) {
				bothCloses(t, func(s *sidecar) {
					s.envoy.mode = mode
					s.backend.converse, s.backend.converseStream = gate(nil), live(nil)
					c := s.post(path, "")
					synctest.Wait()
					if n := s.InFlight(); n != 1 {
						s.t.Errorf("%d calls in flight, want 1", n)
					}
					c.leave()
					if a := c.wait(); a.immediate || a.begun {
						s.t.Errorf("an answer: %+v", a)
					}
					if o := s.outcome(); o.Status != 0 || o.BytesOut != 0 {
						s.t.Errorf("outcome %+v", o)
					}
					s.checkGone(1)
				})
			})
		}
	}
}

func TestClientGoneAfterKeepAlive(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		s.backend.converseStream = live(nil)
		c := s.post("/stream", "")
		time.Sleep(extproc.DefaultKeepAlive)
		c.expect(comment)
		c.leave()
		c.wait()
		s.checkGone(1)
	})
}

func TestClientGoneMidStream(t *testing.T) {
	for _, mode := range modesWithBody {
		t.Run(mode.String(), func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				s.envoy.mode = mode
				steps := make(chan step)
				s.backend.converseStream = live(steps)
				c := s.post("/stream", "")
				steps <- messageStart
				steps <- delta("one")
				synctest.Wait()
				c.leave()
				if a := c.wait(); a.complete {
					s.t.Errorf("an answer: %+v", a)
				}
				if o := s.outcome(); o.Summary.OutputTokens != 2 { // they were paid for
					s.t.Errorf("outcome %+v", o)
				}
				s.checkGone(1)
			})
		})
	}
}

// A backend may not notice at once, and may even succeed.
func TestClientGoneWhileTheCallSucceeds(t *testing.T) {
	for _, path := range []string{"/whole", "/stream"} {
		for _, mode := range modesWithBody {
			t.Run(path+" "+mode.String(), func(t *testing.T) {
				bothCloses(t, func(s *sidecar) {
					s.envoy.mode = mode
					s.backend.converse = func(ctx context.Context, _ *translator.Call, _ translator.Caller) ([]byte, translator.Facts, error) {
						<-ctx.Done()
						return []byte("hello"), bedrockFacts, nil
					}
					s.backend.converseStream = func(ctx context.Context, call *translator.Call, caller translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
						<-ctx.Done()
						return script()(context.Background(), call, caller)
					}
					c := s.post(path, "")
					synctest.Wait()
					c.leave()
					if a := c.wait(); a.immediate || a.begun {
						s.t.Errorf("an answer: %+v", a)
					}
					if o := s.outcome(); path == "/whole" && !cmp.Equal(o.Summary, spent) {
						s.t.Errorf("outcome %+v", o)
					}
					s.checkGone(1)
				})
			})
		}
	}
}

// Messages after the end of the request do not hide that the client has left.
func TestClientGoneAfterExtraMessages(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		s.backend.converse = gate(nil)
		c := s.post("/whole", "")
		c.body("", endOfStream)
		c.trailers()
		synctest.Wait()
		c.leave()
		c.wait()
		s.checkGone(1)
	})
}

// A stream whose events never stop ends when its client leaves.
func TestClientGoneWhileEventsKeepComing(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		s.backend.converseStream = func(context.Context, *translator.Call, translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
			return func(yield func(translator.Event, error) bool) {
				for i := 0; yield(translator.Event{Payload: fmt.Append(nil, i)}, nil); i++ {
					time.Sleep(time.Millisecond)
				}
			}, bedrockFacts, nil
		}
		c := s.post("/stream", "")
		time.Sleep(100 * time.Millisecond)
		c.leave()
		c.wait()
		time.Sleep(time.Millisecond) // the next event
		s.checkGone(1)
	})
}

// Envoy also resets or half-closes an RPC after each answer. That does not count as a
// client that left.
func TestEndAfterTheAnswerIsNoLoss(t *testing.T) {
	for _, path := range []string{"/whole", "/stream"} {
		t.Run(path, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				s.post(path, "").answer()
				if o := s.outcome(); o.ClientGone || o.ErrorKind != "" {
					s.t.Errorf("outcome %+v", o)
				}
			})
		})
	}
}

func TestClientGoneDuringTranslation(t *testing.T) {
	bothCloses(t, func(s *sidecar) {
		s.dialect.decode = func(req translator.Request) (*translator.Call, error) {
			<-req.Done
			return nil, translator.ErrInternal(errors.New("nobody waits"))
		}
		c := s.post("/whole", "")
		synctest.Wait()
		c.leave()
		if a := c.wait(); a.immediate || a.begun {
			s.t.Errorf("an answer: %+v", a)
		}
		s.checkGone(0)
	})
}
