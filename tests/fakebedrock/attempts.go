package fakebedrock

import (
	"crypto/sha256"
	"sync"
)

// maxCounted limits the calls that are remembered. Then counting starts over.
const maxCounted = 10000

// faultCounts counts the attempts of each call, for faults that affect only the first
// ones. The zero value is ready to use; it is safe for concurrent use.
type faultCounts struct {
	mu   sync.Mutex
	seen map[string]int
}

// attempt counts this attempt and returns its number, from 1. Attempts of a call share
// an Amz-Sdk-Invocation-Id, or else path and body.
func (f *faultCounts) attempt(r *Request) int {
	key := r.Header.Get("Amz-Sdk-Invocation-Id")
	if key == "" {
		hash := sha256.Sum256(append([]byte(r.Path+"\n"), r.Body...))
		key = string(hash[:])
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil || len(f.seen) >= maxCounted {
		f.seen = map[string]int{}
	}
	f.seen[key]++
	return f.seen[key]
}
