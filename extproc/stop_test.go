package extproc_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

func (s *sidecar) checkDraining(a *answer) {
	s.t.Helper()
	if a.status != 503 || a.details != "bedrock_extproc_draining" || a.header["retry-after"] == "" {
		s.t.Errorf("answer %+v", a)
	}
}

func TestStopEndsCalls(t *testing.T) {
	for _, path := range []string{"/whole", "/stream"} {
		for _, mode := range modesWithBody {
			t.Run(path+" "+mode.String(), func(t *testing.T) {
				bothCloses(t, func(s *sidecar) {
					s.envoy.mode = mode
					s.backend.converse, s.backend.converseStream = gate(nil), live(nil)
					c := s.post(path, "")
					synctest.Wait()
					s.Stop()
					a := c.answer()
					s.checkDraining(&a)
					if causes := s.backend.causes(); len(causes) != 1 || !errors.Is(causes[0], extproc.ErrDraining) {
						s.t.Errorf("causes %v", causes)
					}
					if o := s.outcome(); o.ErrorKind != translator.KindDraining || o.ClientGone {
						s.t.Errorf("outcome %+v", o)
					}
				})
			})
		}
	}
}

func TestStopEndsStreamsInBand(t *testing.T) {
	tests := map[string]struct {
		before func(steps chan<- step)
		want   []string
	}{
		"after an event":   {func(steps chan<- step) { steps <- delta("one") }, []string{data("one")}},
		"after a comment":  {func(chan<- step) { time.Sleep(extproc.DefaultKeepAlive) }, []string{comment}},
		"after both":       {func(steps chan<- step) { steps <- delta("one"); time.Sleep(extproc.DefaultKeepAlive) }, []string{data("one"), comment}},
		"after the answer": {func(steps chan<- step) { steps <- delta("one"); close(steps) }, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				steps := make(chan step)
				s.backend.converseStream = live(steps)
				c := s.post("/stream", "", "x-request-id", "id-1")
				test.before(steps)
				synctest.Wait()
				s.Stop()
				a := c.answer()
				if test.want == nil {
					return
				}
				c.expect(append(test.want, data("error draining id-1"))...)
				if a.status != 200 {
					s.t.Errorf("status %d", a.status)
				}
			})
		})
	}
}

func TestStopRefusesLaterCalls(t *testing.T) {
	bubble(t, func(s *sidecar) {
		uploading := s.envoy.open(s.t, false, requestHeaders("POST", "/whole")...)
		synctest.Wait()
		s.Stop()
		s.Stop()
		a := s.post("/stream", "").answer()
		s.checkDraining(&a)
		uploading.body("", endOfStream)
		a = uploading.answer()
		s.checkDraining(&a)
		if a := s.get("/healthz").answer(); a.status != 200 {
			s.t.Errorf("a page got %d", a.status)
		}
		if causes := s.backend.causes(); len(causes) != 0 {
			s.t.Errorf("%d calls were made", len(causes))
		}
	}, healthz)
}

func healthz(s *sidecar) {
	s.pages = []extproc.PageRoute{{Pattern: "/healthz", Page: page(200, `{"status":"ok"}`)}}
}

func page(status int, body string) extproc.Page {
	return func(extproc.PageRequest) (translator.Response, error) { return jsonResponse(status, body), nil }
}

func TestMaxCalls(t *testing.T) {
	bubble(t, func(s *sidecar) {
		reply := make(chan string)
		s.backend.converse = gate(reply)
		s.backend.converseStream = live(nil)
		whole, stream := s.post("/whole", ""), s.post("/stream", "")
		synctest.Wait()
		if n := s.InFlight(); n != 2 {
			s.t.Errorf("%d calls in flight, want 2", n)
		}
		a := s.post("/whole", "").answer()
		if a.status != 503 || a.details != "bedrock_extproc_overloaded" || a.header["retry-after"] != "1" {
			s.t.Errorf("answer %+v", a)
		}
		if a := s.get("/healthz").answer(); a.status != 200 {
			s.t.Errorf("a page got %d", a.status)
		}
		reply <- "done"
		if a := whole.answer(); a.status != 200 {
			s.t.Errorf("status %d", a.status)
		}
		synctest.Wait()
		s.works()
		stream.leave()
		stream.wait()
	}, healthz, func(s *sidecar) { s.cfg.MaxCalls = 2 })
}

func TestNoBoundOnCalls(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.backend.converseStream = live(nil)
		var calls []*call
		for range 50 {
			calls = append(calls, s.post("/stream", ""))
		}
		synctest.Wait()
		if n := s.InFlight(); n != len(calls) {
			s.t.Errorf("%d calls in flight, want %d", n, len(calls))
		}
		s.Stop()
		for _, c := range calls {
			a := c.answer()
			s.checkDraining(&a)
		}
	})
}

// Stop reaches a backend that only watches its context.
func TestStopCause(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.backend.converse = func(ctx context.Context, _ *translator.Call, _ translator.Caller) ([]byte, translator.Facts, error) {
			<-ctx.Done()
			return nil, translator.Facts{}, context.Cause(ctx)
		}
		c := s.post("/whole", "")
		synctest.Wait()
		s.Stop()
		a := c.answer()
		s.checkDraining(&a)
		if n := s.logs.Len(); n != 0 {
			s.t.Errorf("log: %v", s.logs.All())
		}
	})
}
