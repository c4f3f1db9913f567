package bedrock

import (
	"cmp"
	"hash/maphash"
	"sync"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/translator"
)

// CoolDown says how long a backend with fallbacks is avoided for a model after all
// attempts at it have failed. A zero field has the default given here.
type CoolDown struct {
	// First is the length of the first cool-down. It doubles with each further one until
	// an attempt succeeds. 0 means 1 s; a negative duration means no cool-down.
	First time.Duration
	// Max bounds a cool-down, also one that Bedrock asks for. 0 means 30 s.
	Max time.Duration
}

func (c CoolDown) withDefaults() CoolDown {
	return CoolDown{First: cmp.Or(c.First, time.Second), Max: cmp.Or(c.Max, 30*time.Second)}
}

// maxCoolDowns bounds the entries that are kept. Beyond it the one that ends first is
// dropped.
const maxCoolDowns = 1024

// A coolDownKey is what cool-downs are counted for: a model at a backend. Quotas belong
// to an account, so each payer has cool-downs of its own: payer is a hash of the
// caller's access key id or of the role assumed for it, 0 for the sidecar's one
// identity.
type coolDownKey struct {
	backend, model string
	payer          uint64
}

// A coolDownEntry lasts from the first failure to the next success.
type coolDownEntry struct {
	until  time.Time
	length time.Duration
	probed bool // a call tries the backend before until
}

// coolDowns are shared by all backends. They are safe for concurrent use.
type coolDowns struct {
	CoolDown
	seed    maphash.Seed
	mu      sync.Mutex
	entries map[coolDownKey]*coolDownEntry
}

func newCoolDowns(c CoolDown) *coolDowns {
	return &coolDowns{CoolDown: c.withDefaults(), seed: maphash.MakeSeed(), entries: map[coolDownKey]*coolDownEntry{}}
}

// key returns the key for a payer, "" for the sidecar's one identity.
func (c *coolDowns) key(backend, model, payer string) coolDownKey {
	k := coolDownKey{backend: backend, model: model}
	if payer != "" {
		k.payer = maphash.String(c.seed, payer)
	}
	return k
}

// An availability says whether a call may try a backend.
type availability int

const (
	available   availability = iota // no failure since the last success
	probing                         // the cool-down is over; this call finds out
	coolingDown                     // other backends come first
)

// admit decides about one call. After a cool-down it admits one call at a time.
func (c *coolDowns) admit(k coolDownKey, now time.Time) availability {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[k]
	switch {
	case e == nil:
		return available
	case now.Before(e.until):
		return coolingDown
	}
	e.until, e.probed = now.Add(e.length), true
	return probing
}

func (c *coolDowns) recordSuccess(k coolDownKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.entries, k)
}

// recordFailure begins a cool-down, or the next and longer one, and logs it. Failures
// of calls that were under way when one began do not count. advised is how long
// Bedrock asks to wait. It returns the length of the cool-down, 0 if none has begun.
func (c *coolDowns) recordFailure(k coolDownKey, err error, advised time.Duration, log *zap.Logger) time.Duration {
	e := translator.AsError(err)
	if c.First < 0 || e.Kind == translator.KindModel {
		return 0 // the model's own error says nothing about other requests
	}
	length := c.begin(k, advised, time.Now())
	if length > 0 {
		log.Warn("backend is cooling down; its fallbacks serve the model", zap.String("backend", k.backend),
			zap.String("model", k.model), zap.Duration("for", length), zap.String("kind", string(e.Kind)))
	}
	return length
}

// begin returns the length of the cool-down that begins now, 0 if one has begun
// already.
func (c *coolDowns) begin(k coolDownKey, advised time.Duration, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[k]
	switch {
	case e == nil:
		c.makeRoom()
		e = &coolDownEntry{length: c.First}
		c.entries[k] = e
	case now.Before(e.until) && !e.probed:
		return 0
	default:
		e.length *= 2
	}
	e.length, e.probed = min(e.length, c.Max), false
	length := max(e.length, min(advised, c.Max))
	e.until = now.Add(length)
	return length
}

// makeRoom drops the entry that ends first if there are maxCoolDowns. c.mu is held.
func (c *coolDowns) makeRoom() {
	if len(c.entries) < maxCoolDowns {
		return
	}
	var first coolDownKey
	var until time.Time
	for k, e := range c.entries {
		if until.IsZero() || e.until.Before(until) {
			first, until = k, e.until
		}
	}
	delete(c.entries, first)
}

// count returns the number of cool-downs in effect, by backend.
func (c *coolDowns) count(now time.Time) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := map[string]int{}
	for k, e := range c.entries {
		if now.Before(e.until) {
			counts[k.backend]++
		}
	}
	return counts
}
