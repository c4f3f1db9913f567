package fakebedrock

import (
	"crypto/sha256"
	"sync"
)

// maxCounted bounds the attempts that are remembered; then counting starts anew.
const maxCounted = 10000

// faultCounts counts the attempts of one call, so that a fault can be over after
// some of them. Its zero value is ready.
type faultCounts struct {
	mu   sync.Mutex
	seen map[string]int
}

// attempt is the number of this attempt, from 1.
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
