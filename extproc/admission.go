package extproc

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"bedrock-extproc/translator"
)

// The names of the limits on what is held at one time.
const (
	LimitCalls   = "calls"      // Config.MaxCalls
	LimitBodies  = "body_bytes" // Config.MaxBodyMemory
	LimitBackend = "backend"    // the calls of one backend
	LimitCaller  = "caller"     // the calls of one caller
)

// A CallLimit bounds the model calls in flight that have the same Limit and Name. They
// are counted by the Server: a new configuration changes the bound and loses no count.
type CallLimit struct {
	// Limit is LimitBackend or LimitCaller.
	Limit string
	// Name is that of the backend, or a text that identifies the caller.
	Name string
	// Max is the bound; 0 means none, and the calls are counted nevertheless.
	Max int
}

// A LimitUse is the state of a limit. For LimitCaller it is that of the busiest caller.
type LimitUse struct {
	Limit string
	// Backend is the name for LimitBackend, otherwise "".
	Backend string
	// Current is the number of calls in flight, or bytes. Max is the bound, 0 for none.
	Current, Max int64
	// Refused counts the calls that were refused since the start.
	Refused int64
}

// admission counts what calls hold, for the whole process, and refuses at once what is
// over a limit: nothing ever waits for a place. It is safe for concurrent use.
type admission struct {
	maxBodies int64

	garbage atomic.Int64 // bytes of bodies since the last collection

	mu      sync.Mutex
	held    map[limitKey]*holding
	refused map[limitKey]int64 // without the names of callers
}

type limitKey struct{ limit, name string }

// holding is what a limitKey holds at the moment, and its bound when it was last asked.
type holding struct{ current, max int64 }

func newAdmission(maxCalls int, maxBodies int64) *admission {
	held := map[limitKey]*holding{{limit: LimitCalls}: {max: int64(maxCalls)}, {limit: LimitBodies}: {max: maxBodies}}
	return &admission{maxBodies: maxBodies, held: held, refused: map[limitKey]int64{}}
}

// take adds n to what a limit counts, or reports false if that would be more than
// limit. 0 means no limit.
func (a *admission) take(k limitKey, n, limit int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := a.holding(k)
	h.max = limit
	if limit > 0 && h.current+n > limit {
		a.refused[k.counted()]++
		return false
	}
	h.current += n
	return true
}

// add adds n, which may be negative, without a limit. A caller without calls is
// forgotten.
func (a *admission) add(k limitKey, n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := a.holding(k)
	if h.current += n; h.current == 0 && k.limit == LimitCaller {
		delete(a.held, k)
	}
}

// holding returns the entry of k. a is locked.
func (a *admission) holding(k limitKey) *holding {
	h := a.held[k]
	if h == nil {
		h = &holding{}
		a.held[k] = h
	}
	return h
}

// counted is the key under which refusals are counted.
func (k limitKey) counted() limitKey {
	if k.limit == LimitCaller {
		return limitKey{limit: LimitCaller}
	}
	return k
}

// uses returns the state of all limits that have counted anything, and always that of
// the limits on calls and bodies.
func (a *admission) uses() []LimitUse {
	a.mu.Lock()
	defer a.mu.Unlock()
	byKey := map[limitKey]LimitUse{}
	for k, h := range a.held {
		k = k.counted()
		if u, seen := byKey[k]; !seen || h.current > u.Current {
			byKey[k] = LimitUse{Limit: k.limit, Backend: k.name, Current: h.current, Max: h.max}
		}
	}
	for k, n := range a.refused {
		u := byKey[k]
		u.Limit, u.Backend, u.Refused = k.limit, k.name, n
		byKey[k] = u
	}
	list := make([]LimitUse, 0, len(byKey))
	for _, u := range byKey {
		list = append(list, u)
	}
	slices.SortFunc(list, func(a, b LimitUse) int {
		return cmp.Or(cmp.Compare(a.Limit, b.Limit), cmp.Compare(a.Backend, b.Backend))
	})
	return list
}

// places are those that one call has taken.
type places struct {
	admission *admission
	taken     []limitKey
}

// enter takes a place for a call, under the limits on it. What it has taken must be
// left, also after an error, which is a *translator.Error.
func (p *places) enter(limits ...CallLimit) error {
	for _, l := range limits {
		k := limitKey{l.Limit, l.Name}
		if !p.admission.take(k, 1, int64(l.Max)) {
			return overloaded(l)
		}
		p.taken = append(p.taken, k)
	}
	return nil
}

func (p *places) leave() {
	for _, k := range p.taken {
		p.admission.add(k, -1)
	}
	p.taken = nil
}

func overloaded(l CallLimit) error {
	switch l.Limit {
	case LimitBackend:
		return translator.ErrBackendOverloaded(l.Name, l.Max)
	case LimitCaller:
		return translator.ErrCallerOverloaded(l.Max)
	default:
		return translator.ErrOverloaded(l.Max)
	}
}
