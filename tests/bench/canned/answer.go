// Package canned has the parts of the benchmark that stand in for real ones and cost next
// to nothing: a Bedrock and an HTTP upstream that send recorded bytes, and an ext_proc
// server that answers without Bedrock.
package canned

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"bedrock-extproc/tests/bench/kernel"
)

// Header is the request header that names an answer to the upstream and the ext_proc
// server, by its Shape. The sidecar does not forward it; for Bedrock, the shape is in the
// model id.
const Header = "x-answer"

// StampDigits is the length of the first text of a paced stream: the time at which it was
// due, in nanoseconds since 1970. The n-th event after it was due n intervals later.
const StampDigits = 19

// A Shape says what an answer looks like.
type Shape struct {
	Events int     // with text; 0 is a whole answer
	Rate   float64 // events a second; 0 sends all at once
}

// String is the form that ParseShape reads.
func (s Shape) String() string {
	return fmt.Sprintf("events=%d&rate=%v", s.Events, s.Rate)
}

// ParseShape reads the form of String.
func ParseShape(text string) (s Shape, err error) {
	values, err := url.ParseQuery(text)
	if err != nil {
		return s, err
	}
	if s.Events, err = strconv.Atoi(values.Get("events")); err != nil {
		return s, err
	}
	s.Rate, err = strconv.ParseFloat(values.Get("rate"), 64)
	return s, err
}

// Interval is the time between two events, 0 for none.
func (s Shape) Interval() time.Duration {
	if s.Rate == 0 {
		return 0
	}
	return time.Duration(float64(time.Second) / s.Rate)
}

// answer is an answer that is ready to be sent. It is not changed.
type answer struct {
	contentType string
	parts       [][]byte // each is one write
	interval    time.Duration
	stamped     int                    // the first part that is paced
	stamp       func(time.Time) []byte // makes that part
}

// play writes all parts, in time. last is set for the last one.
func (a *answer) play(write func(part []byte, last bool) error) error {
	began := time.Now()
	for i, part := range a.parts {
		if a.interval > 0 && i == a.stamped {
			part = a.stamp(began)
		}
		if a.interval > 0 && i > a.stamped {
			a.sleepUntil(began.Add(time.Duration(i-a.stamped) * a.interval))
		}
		if err := write(part, i == len(a.parts)-1); err != nil {
			return err
		}
	}
	return nil
}

// closely is the longest interval of events that are sent on time. Their streams hold a thread
// each, so there must not be thousands of them.
const closely = 50 * time.Millisecond

func (a *answer) sleepUntil(due time.Time) {
	if a.interval <= closely {
		kernel.Sleep(time.Until(due))
	} else {
		time.Sleep(time.Until(due))
	}
}

// blockBytes is the size of the writes of a stream that is not paced. It fits in a message
// of ext_proc, as the sidecar's do.
const blockBytes = 31 << 10

// join joins parts to blocks of at most blockBytes, unless one part is larger.
func join(parts [][]byte) (blocks [][]byte) {
	var block []byte
	for _, part := range parts {
		if len(block) > 0 && len(block)+len(part) > blockBytes {
			blocks, block = append(blocks, block), nil
		}
		block = append(block, part...)
	}
	return append(blocks, block)
}
