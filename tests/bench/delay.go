package main

import (
	"math"
	"time"

	"bedrock-extproc/tests/bench/canned"
)

// delays measures when the events of a paced stream arrive. The first text of the stream is
// the time at which it was due, and the others are due an interval after the one before: a
// server that stalls shows in every event that it holds up.
type delays struct {
	interval time.Duration
	events   int             // that are due
	list     []time.Duration // from the moment at which each event was due

	due     time.Time // of the next event; zero before the first
	begin   []byte    // of the stream, until the first event
	newline bool      // the last byte was one
}

// read takes bytes of the stream that have arrived now. Events end with an empty line.
func (d *delays) read(data []byte, now time.Time) {
	if d.due.IsZero() {
		d.begin = append(d.begin, data...)
		at, end := canned.Stamp(d.begin)
		if end < 0 {
			return
		}
		d.due, data = at, d.begin[end:]
	}
	for _, c := range data {
		if c == '\n' && d.newline && len(d.list) < d.events {
			d.list = append(d.list, now.Sub(d.due))
			d.due = d.due.Add(d.interval)
		}
		d.newline = c == '\n'
	}
}

// percentile is the smallest value that at least that part of the values does not exceed,
// which must be sorted.
func percentile(sorted []time.Duration, part float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(part * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}
