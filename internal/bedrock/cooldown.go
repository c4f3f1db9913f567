package bedrock

import (
	"cmp"
	"hash/maphash"
	"sync"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/translator"
)

// CoolDown says how long a backend with fallbacks is left alone for a model after
// it has refused a request in all attempts. Zero fields have the defaults given
// here.
type CoolDown struct {
	// First is the length of the first pause. It doubles with each further one
	// until an attempt succeeds. 0 means 1 s; a negative duration is no pause.
	First time.Duration
	// Max bounds a pause, also one that Bedrock asks for. 0 means 30 s.
	Max time.Duration
}

func (c CoolDown) withDefaults() CoolDown {
	return CoolDown{First: cmp.Or(c.First, time.Second), Max: cmp.Or(c.Max, 30*time.Second)}
}

// maxPairs bounds the pauses that are remembered. Beyond it the one that ends
// first is forgotten.
const maxPairs = 1024

// A pair is a model at a backend. Quotas are those of an account, so one caller's
// throttles say nothing about another's: payer is a hash of the caller's access key
// id or of the role that is assumed for it, 0 for the one identity of the sidecar.
type pair struct {
	backend, model string
	payer          uint64
}

// A spell is the bad time that a pair has.
type spell struct {
	until  time.Time
	length time.Duration
	probed bool // someone tries it before until
}

// cooling knows the pairs that are left alone. It is shared by all backends and
// safe for concurrent use.
type cooling struct {
	CoolDown
	seed   maphash.Seed
	mu     sync.Mutex
	spells map[pair]*spell
}

func newCooling(c CoolDown) *cooling {
	return &cooling{CoolDown: c.withDefaults(), seed: maphash.MakeSeed(), spells: map[pair]*spell{}}
}

func (c *cooling) pair(backend, model, payer string) pair {
	p := pair{backend: backend, model: model}
	if payer != "" {
		p.payer = maphash.String(c.seed, payer)
	}
	return p
}

// A health is what is known of a pair.
type health int

const (
	well    health = iota // nothing is wrong
	probing               // it was; this call is the one to find out
	resting               // it is to be left alone
)

// admit decides about one call. Of those that come after a pause, one at a time
// is let through.
func (c *cooling) admit(p pair, now time.Time) health {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.spells[p]
	switch {
	case s == nil:
		return well
	case now.Before(s.until):
		return resting
	}
	s.until, s.probed = now.Add(s.length), true
	return probing
}

// clear ends a pair's bad time.
func (c *cooling) clear(p pair) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.spells, p)
}

// strike begins a pause, or the next and longer one. Failures of calls that were
// under way when a pause began do not count.
func (c *cooling) strike(p pair, err error, advised time.Duration, log *zap.Logger) {
	e := translator.AsError(err)
	if c.First < 0 || e.Kind == translator.KindModel {
		return // the model's own error says nothing about other requests
	}
	if pause := c.lengthen(p, advised, time.Now()); pause > 0 {
		log.Warn("A backend cools down: its fallbacks serve the model meanwhile", zap.String("backend", p.backend),
			zap.String("model", p.model), zap.Duration("for", pause), zap.String("kind", string(e.Kind)))
	}
}

// lengthen returns the pause that begins now, 0 when one is on already.
func (c *cooling) lengthen(p pair, advised time.Duration, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.spells[p]
	switch {
	case s == nil:
		c.makeRoom()
		s = &spell{length: c.First}
		c.spells[p] = s
	case now.Before(s.until) && !s.probed:
		return 0
	default:
		s.length *= 2
	}
	s.length, s.probed = min(s.length, c.Max), false
	pause := max(s.length, min(advised, c.Max))
	s.until = now.Add(pause)
	return pause
}

// makeRoom forgets the spell that ends first. c.mu is held.
func (c *cooling) makeRoom() {
	if len(c.spells) < maxPairs {
		return
	}
	var first pair
	var until time.Time
	for p, s := range c.spells {
		if until.IsZero() || s.until.Before(until) {
			first, until = p, s.until
		}
	}
	delete(c.spells, first)
}

// resting counts the pairs of each backend that are left alone.
func (c *cooling) resting(now time.Time) map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := map[string]int{}
	for p, s := range c.spells {
		if now.Before(s.until) {
			counts[p.backend]++
		}
	}
	return counts
}
