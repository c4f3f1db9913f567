package bedrock

import (
	"net/http"
	"sync/atomic"
	"time"
)

// maxSkew is how far a signature's time may be off before it counts as wrong. AWS
// refuses signatures that are five minutes off.
const maxSkew = 4 * time.Minute

// A clock knows how far AWS's time is from this machine's. It is safe for
// concurrent use.
type clock struct{ ahead atomic.Int64 } // in nanoseconds

// at is AWS's time when this machine's is t.
func (c *clock) at(t time.Time) time.Time { return t.Add(time.Duration(c.ahead.Load())) }

// learn reads the time of a refusal, and reports whether signatures had the wrong
// one. A time that comes out of a cache is not AWS's.
func (c *clock) learn(status int, h http.Header) bool {
	if status != http.StatusForbidden && status != http.StatusUnauthorized && status != http.StatusBadRequest || h.Get("Age") != "" {
		return false
	}
	theirs, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return false
	}
	now := time.Now()
	if off := theirs.Sub(c.at(now)); off.Abs() <= maxSkew {
		return false
	}
	c.ahead.Store(int64(theirs.Sub(now)))
	return true
}
