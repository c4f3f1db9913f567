package extproc

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// A Phase says what an open call is waiting for.
type Phase string

// The phases of a call, in their order.
const (
	PhaseReceiving Phase = "receiving" // the client, for the request's body
	PhaseWaiting   Phase = "waiting"   // Bedrock, for the first part of its answer
	PhaseAnswering Phase = "answering" // Bedrock, for the rest of a stream, or the client
)

// An OpenCall is a model call that is not over.
type OpenCall struct {
	Phase Phase
	// Outcome is what is known so far, apart from BytesOut as of the beginning of the
	// phase.
	Outcome Outcome
}

// openCalls are the model calls in flight. They are safe for concurrent use.
type openCalls struct {
	streams atomic.Int64 // those in PhaseAnswering that stream

	mu   sync.Mutex
	list map[*openCall]struct{}
}

// An openCall is the part of a call that others may look at. enter and leave belong to
// the goroutine of its exchange.
type openCall struct {
	calls    *openCalls
	bytesOut atomic.Int64

	mu    sync.Mutex
	state OpenCall
}

func newOpenCalls() *openCalls { return &openCalls{list: map[*openCall]struct{}{}} }

// enter begins a phase of the call. The first one makes it visible.
func (c *openCall) enter(p Phase, o *Outcome) {
	c.mu.Lock()
	before := c.state.Phase
	c.state = OpenCall{p, *o}
	c.mu.Unlock()
	if before == "" {
		c.calls.mu.Lock()
		c.calls.list[c] = struct{}{}
		c.calls.mu.Unlock()
	}
	if p == PhaseAnswering && before != p && o.Streaming {
		c.calls.streams.Add(1)
	}
}

// leave ends the call.
func (c *openCall) leave() {
	c.mu.Lock()
	phase, streaming := c.state.Phase, c.state.Outcome.Streaming
	c.mu.Unlock()
	if phase == "" {
		return
	}
	c.calls.mu.Lock()
	delete(c.calls.list, c)
	c.calls.mu.Unlock()
	if phase == PhaseAnswering && streaming {
		c.calls.streams.Add(-1)
	}
}

// oldest returns up to limit calls, those that began first, and the number of all.
func (s *openCalls) oldest(limit int) (calls []OpenCall, all int) {
	s.mu.Lock()
	list := make([]*openCall, 0, len(s.list))
	for c := range s.list {
		list = append(list, c)
	}
	s.mu.Unlock()
	calls = make([]OpenCall, len(list))
	for i, c := range list {
		c.mu.Lock()
		calls[i] = c.state
		c.mu.Unlock()
		calls[i].Outcome.BytesOut = int(c.bytesOut.Load())
	}
	slices.SortFunc(calls, func(a, b OpenCall) int {
		return cmp.Or(a.Outcome.Facts.Start.Compare(b.Outcome.Facts.Start), cmp.Compare(a.Outcome.Facts.RequestID, b.Outcome.Facts.RequestID))
	})
	return calls[:min(limit, len(calls))], len(calls)
}
