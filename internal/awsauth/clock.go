package awsauth

import (
	"net/http"
	"sync/atomic"
	"time"
)

// maxSkew is how far a signature's time may be off. AWS rejects signatures that are
// five minutes off.
const maxSkew = 4 * time.Minute

// A clock holds the difference between AWS's time and this machine's, in
// nanoseconds. It is safe for concurrent use.
type clock struct{ ahead atomic.Int64 }

// awsTime is AWS's time when this machine's is t.
func (c *clock) awsTime(t time.Time) time.Time { return t.Add(time.Duration(c.ahead.Load())) }

// correct takes AWS's time from the Date header of an answer that may reject a
// signature (400, 401, 403), if the clock is off by more than maxSkew. It reports
// whether it was. The Date of a cached answer (with Age) is not AWS's time.
func (c *clock) correct(status int, h http.Header) bool {
	if status != http.StatusForbidden && status != http.StatusUnauthorized && status != http.StatusBadRequest || h.Get("Age") != "" {
		return false
	}
	theirs, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return false
	}
	now := time.Now()
	if off := theirs.Sub(c.awsTime(now)); off.Abs() <= maxSkew {
		return false
	}
	c.ahead.Store(int64(theirs.Sub(now)))
	return true
}
