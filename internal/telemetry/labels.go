package telemetry

import "sync"

// A boundedLabel admits the first max values of a label, and replaces further ones: what
// comes from outside must not make series without end. It is safe for concurrent use.
type boundedLabel struct {
	max int

	mu   sync.RWMutex
	seen map[string]bool
}

// value returns v, or other if max values were admitted before it.
func (l *boundedLabel) value(v, other string) string {
	l.mu.RLock()
	known := l.seen[v]
	l.mu.RUnlock()
	if known || v == other {
		return v
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) >= l.max && !l.seen[v] {
		return other
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[v] = true
	return v
}
