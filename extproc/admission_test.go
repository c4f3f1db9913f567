package extproc_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// use is the state of one limit.
func (s *sidecar) use(limit, backend string) extproc.LimitUse {
	for _, u := range s.Limits() {
		if u.Limit == limit && u.Backend == backend {
			return u
		}
	}
	return extproc.LimitUse{}
}

func (s *sidecar) checkOverloaded(a answer, message string) {
	s.t.Helper()
	if a.status != 503 || a.details != "bedrock_extproc_overloaded" || a.header["retry-after"] != "1" ||
		!strings.Contains(decodeError(s.t, a.body()).Message, message) {
		s.t.Errorf("answer %+v, want an overload that names %q", a, message)
	}
}

// A call counts from its headers, and one too many is refused before its body.
func TestRefusedAtTheHeaders(t *testing.T) {
	for _, mode := range modesWithBody {
		t.Run(mode.String(), func(t *testing.T) {
			bothCloses(t, func(s *sidecar) {
				s.envoy.mode = mode
				uploading := s.envoy.open(s.t, false, requestHeaders("POST", "/whole")...)
				synctest.Wait()
				if n := s.InFlight(); n != 1 {
					s.t.Errorf("%d calls in flight during an upload, want 1", n)
				}
				s.checkOverloaded(s.envoy.open(s.t, false, requestHeaders("POST", "/stream")...).answer(), "Too many calls are in flight: the limit is 1.")
				uploading.body("abc", endOfStream)
				if a := uploading.answer(); a.status != 200 {
					s.t.Errorf("the first call got %d", a.status)
				}
				want := extproc.LimitUse{Limit: extproc.LimitCalls, Max: 1, Refused: 1}
				if got := s.use(extproc.LimitCalls, ""); got != want {
					s.t.Errorf("use %+v, want %+v", got, want)
				}
			}, func(s *sidecar) { s.cfg.MaxCalls = 1 })
		})
	}
}

// Bodies count as they come. One for which there is no memory is refused at once, and
// the others go on.
func TestBodiesBeyondTheMemoryAreRefused(t *testing.T) {
	part := strings.Repeat("x", 140<<10)
	bubble(t, func(s *sidecar) {
		first := s.envoy.open(s.t, false, requestHeaders("POST", "/whole")...)
		first.body(part, false)
		first.body(part, false)
		synctest.Wait()
		if u := s.use(extproc.LimitBodies, ""); u.Current < 400<<10 || u.Current > u.Max || u.Max != 1<<20 {
			s.t.Errorf("use %+v", u)
		}
		second := s.envoy.open(s.t, false, requestHeaders("POST", "/whole")...)
		second.body(part, false)
		second.body(part, false)
		s.checkOverloaded(second.answer(), "memory")
		first.body(part, endOfStream)
		if a := first.answer(); a.status != 200 {
			s.t.Errorf("the first call got %d", a.status)
		}
		synctest.Wait()
		if u := s.use(extproc.LimitBodies, ""); u.Current != 0 || u.Refused != 1 {
			s.t.Errorf("use %+v", u)
		}
		s.works()
	}, bodyMemory(1<<20))
}

// In BUFFERED mode a body counts before it comes. A client that announces one and sends
// nothing holds its place for as long as any upload may be silent.
func TestBufferedBodiesAreReserved(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.envoy.mode = modeBuffered
		first := s.envoy.open(s.t, false, requestHeaders("POST", "/whole", "content-length", "102400")...)
		synctest.Wait()
		if u := s.use(extproc.LimitBodies, ""); u.Current != 3*102400 {
			s.t.Errorf("use %+v", u)
		}
		for _, headers := range [][]string{{"content-length", "307200"}, nil} { // nil: as long as the largest
			s.checkOverloaded(s.envoy.open(s.t, false, requestHeaders("POST", "/whole", headers...)...).answer(), "memory")
		}
		began := time.Now()
		if a := first.answer(); a.status != 408 || time.Since(began) != 30*time.Second {
			s.t.Errorf("status %d after %v", a.status, time.Since(began))
		}
		synctest.Wait()
		if u := s.use(extproc.LimitBodies, ""); u.Current != 0 || u.Refused != 2 {
			s.t.Errorf("use %+v", u)
		}
		s.works()
	}, bodyMemory(1<<20))
}

func bodyMemory(n int64) func(*sidecar) { return func(s *sidecar) { s.cfg.MaxBodyMemory = n } }

// A body that could never fit is too large: a retry would not help.
func TestBodyLargerThanTheMemoryForBodies(t *testing.T) {
	bubble(t, func(s *sidecar) {
		a := s.post("/whole", strings.Repeat("x", 600<<10)).answer()
		if a.status != 413 || !strings.Contains(decodeError(s.t, a.body()).Message, "524288 bytes") {
			s.t.Errorf("answer %+v", a)
		}
	}, bodyMemory(1<<20))
}

// Decompressed bytes count too.
func TestDecompressedBodiesCount(t *testing.T) {
	bubble(t, func(s *sidecar) {
		first := s.envoy.open(s.t, false, requestHeaders("POST", "/whole")...)
		first.body(strings.Repeat("x", 300<<10), false)
		synctest.Wait()
		c := s.envoy.open(s.t, false, requestHeaders("POST", "/whole", "content-encoding", "gzip")...)
		c.body(gzipped(s.t, strings.Repeat("x", 400<<10)), endOfStream)
		s.checkOverloaded(c.answer(), "memory")
		first.leave()
		first.wait()
	}, bodyMemory(1<<20))
}

// The body of a call that waits for Bedrock counts until Bedrock has answered.
func TestBodiesCountUntilBedrockAnswers(t *testing.T) {
	for _, path := range []string{"/whole", "/stream"} {
		t.Run(path, func(t *testing.T) {
			bubble(t, func(s *sidecar) {
				reply, steps := make(chan string), make(chan step)
				s.backend.converse, s.backend.converseStream = gate(reply), live(steps)
				c := s.post(path, strings.Repeat("x", 100<<10))
				synctest.Wait()
				if u := s.use(extproc.LimitBodies, ""); u.Current < 100<<10 || u.Max != extproc.DefaultMaxBodyMemory {
					s.t.Errorf("use %+v", u)
				}
				if path == "/whole" {
					reply <- "hello"
				} else {
					steps <- delta("one")
					synctest.Wait()
					if u := s.use(extproc.LimitBodies, ""); u.Current != 0 {
						s.t.Errorf("%d bytes count after the first event", u.Current)
					}
					close(steps)
				}
				c.answer()
			})
		})
	}
}

// limitedTo gives each call these limits, until they are changed.
func (s *sidecar) limitedTo(limits ...extproc.CallLimit) {
	s.backend.target = func(_ string, caller translator.Caller, _ extproc.Origin) (extproc.Target, error) {
		target := s.backend.any(caller)
		target.Limits = limits
		return target, nil
	}
}

// Backends and callers have limits of their own. A new configuration changes the
// bounds and keeps the counts.
func TestLimitsOfBackendsAndCallers(t *testing.T) {
	for limit, c := range map[string]struct{ backend, message string }{
		extproc.LimitBackend: {"b", `at the backend "b": the limit is 1`},
		extproc.LimitCaller:  {"", "of this caller are in flight: the limit is 1"},
	} {
		t.Run(limit, func(t *testing.T) {
			bubble(t, func(s *sidecar) {
				s.backend.converseStream = live(nil)
				one := func(name string, bound int) { s.limitedTo(extproc.CallLimit{Limit: limit, Name: name, Max: bound}) }
				one("b", 1)
				open := s.post("/stream", "")
				synctest.Wait()
				s.checkOverloaded(s.envoy.open(s.t, false, requestHeaders("POST", "/whole")...).answer(), c.message)

				one("other", 1)
				if a := s.post("/whole", "").answer(); a.status != 200 {
					s.t.Errorf("another %s got %d", limit, a.status)
				}
				one("b", 2)
				if a := s.post("/whole", "").answer(); a.status != 200 {
					s.t.Errorf("with a higher bound: status %d", a.status)
				}
				one("b", 1)
				s.checkOverloaded(s.post("/whole", "").answer(), c.message)
				want := extproc.LimitUse{Limit: limit, Backend: c.backend, Current: 1, Max: 1, Refused: 2}
				if got := s.use(limit, c.backend); got != want {
					s.t.Errorf("use %+v, want %+v", got, want)
				}
				open.leave()
				open.wait()
				synctest.Wait()
				if a := s.post("/whole", "").answer(); a.status != 200 {
					s.t.Errorf("after the first call has ended: status %d", a.status)
				}
				one("", 0)
			})
		})
	}
}

// A refused call takes no place under any limit.
func TestARefusedCallLeavesAllPlaces(t *testing.T) {
	bubble(t, func(s *sidecar) {
		s.backend.converseStream = live(nil)
		backend := extproc.CallLimit{Limit: extproc.LimitBackend, Name: "b", Max: 10}
		s.limitedTo(backend, extproc.CallLimit{Limit: extproc.LimitCaller, Name: "c", Max: 1})
		open := s.post("/stream", "")
		synctest.Wait()
		for range 20 {
			s.checkOverloaded(s.post("/whole", "").answer(), "of this caller")
		}
		synctest.Wait()
		if n := s.use(extproc.LimitBackend, "b").Current; n != 1 || s.InFlight() != 1 {
			s.t.Errorf("%d calls count at the backend, %d in flight, want 1", n, s.InFlight())
		}
		open.leave()
		open.wait()
	})
}
