package extproc_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/metadata"

	"bedrock-extproc/extproc"
)

// phase is that of the only open call.
func (s *sidecar) phase() extproc.OpenCall {
	s.t.Helper()
	synctest.Wait()
	calls, all := s.OpenCalls(10)
	if all != 1 || len(calls) != 1 {
		s.t.Fatalf("%d open calls: %+v", all, calls)
	}
	return calls[0]
}

// An open call shows what it waits for, and the bytes that were sent so far.
func TestOpenCall(t *testing.T) {
	bubble(t, func(s *sidecar) {
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.envoy.open(s.t, false, requestHeaders("POST", "/stream", "x-request-id", "id-1")...)
		if got := s.phase(); got.Phase != extproc.PhaseReceiving || got.Outcome.Facts.RequestID != "id-1" || got.Outcome.API != "fake" {
			s.t.Errorf("in the upload: %+v", got)
		}
		c.body(prompt, true)
		if got := s.phase(); got.Phase != extproc.PhaseWaiting || got.Outcome.Model != "model-1" || !got.Outcome.Streaming {
			s.t.Errorf("before the first event: %+v", got)
		}
		if s.OpenStreams() != 0 {
			s.t.Error("an open stream without headers")
		}
		steps <- messageStart
		time.Sleep(time.Second)
		steps <- delta("one")
		got := s.phase()
		if got.Phase != extproc.PhaseAnswering || got.Outcome.Facts.Backend != "main" || got.Outcome.Status != 200 || got.Outcome.BytesOut == 0 || s.OpenStreams() != 1 {
			s.t.Errorf("in the stream: %+v, %d streams", got, s.OpenStreams())
		}
		if got.Outcome.StartWait != time.Second || got.Outcome.FirstToken != time.Second {
			s.t.Errorf("times in the stream: %+v", got.Outcome)
		}
		if strings.Contains(fmt.Sprintf("%+v", got), prompt) {
			s.t.Errorf("content of the request: %+v", got)
		}
		steps <- messageStop
		close(steps)
		c.answer()
	})
}

// The list is that of the calls that began first, and counts all of them.
func TestOpenCallsAreBounded(t *testing.T) {
	bubble(t, func(s *sidecar) {
		reply := make(chan string)
		s.backend.converse = gate(reply)
		var open []*call
		for i := range 5 {
			open = append(open, s.post("/whole", "", "x-request-id", fmt.Sprintf("id-%d", i)))
			time.Sleep(time.Second)
		}
		calls, all := s.OpenCalls(2)
		if all != 5 || len(calls) != 2 || calls[0].Outcome.Facts.RequestID != "id-0" || calls[1].Outcome.Facts.RequestID != "id-1" {
			s.t.Errorf("%d calls, %+v", all, calls)
		}
		for range open {
			reply <- "hello"
		}
		for _, c := range open {
			c.answer()
		}
	})
}

// The trace context is Envoy's, or the client's if Envoy does not trace. One that is too
// long or not printable is dropped.
func TestTraceContext(t *testing.T) {
	const envoys, clients = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-11111111111111111111111111111111-2222222222222222-00"
	for name, c := range map[string]struct {
		initial       metadata.MD
		headers       []string
		parent, state string
	}{
		"none":        {},
		"client":      {nil, []string{"traceparent", clients, "tracestate", "a=1"}, clients, "a=1"},
		"envoy":       {metadata.Pairs("traceparent", envoys), []string{"traceparent", clients, "tracestate", "a=1"}, envoys, ""},
		"both states": {metadata.Pairs("traceparent", envoys, "tracestate", "b=2"), []string{"tracestate", "a=1"}, envoys, "b=2"},
		"long state":  {nil, []string{"traceparent", clients, "tracestate", strings.Repeat("x", 513)}, clients, ""},
		"odd":         {nil, []string{"traceparent", "00-\x01", "tracestate", "a=1"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(s *sidecar) {
				s.envoy.initial = c.initial
				s.post("/whole", "", c.headers...).answer()
				if o := s.outcome(); o.TraceParent != c.parent || o.TraceState != c.state {
					s.t.Errorf("%q, %q, want %q, %q", o.TraceParent, o.TraceState, c.parent, c.state)
				}
			})
		})
	}
}
