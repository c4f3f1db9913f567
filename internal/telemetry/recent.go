package telemetry

import (
	"sync"
)

// maxRecent is how many requests are kept for /debug/calls.
const maxRecent = 256

// recent keeps the outcomes of the latest model calls and failures. The zero value is
// empty. It is safe for concurrent use.
type recent struct {
	mu   sync.Mutex
	ring [maxRecent]record
	next int
	full bool
}

func (r *recent) add(o *record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring[r.next] = *o
	r.next++
	if r.next == maxRecent {
		r.next, r.full = 0, true
	}
}

// latest returns the outcomes, the latest first.
func (r *recent) latest() []record {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.next
	if r.full {
		n = maxRecent
	}
	list := make([]record, n)
	for i := range list {
		list[i] = r.ring[(r.next-1-i+maxRecent)%maxRecent]
	}
	return list
}
