package bedrock

import (
	"cmp"
	"time"
)

// Limits bound how long a call may take. A zero field has the default given here; a
// negative one means no limit. Transport has the limits on connecting.
type Limits struct {
	// FirstEvent bounds each attempt's wait for the first event of a stream. 0 means 5
	// minutes.
	FirstEvent time.Duration
	// Reply bounds each attempt's wait for a whole answer. Bedrock sends nothing before
	// the model has finished. 0 means 30 minutes.
	Reply time.Duration
	// Silence bounds the wait for each further event of a stream. 0 means 5 minutes.
	Silence time.Duration
	// Call bounds the whole call: all attempts, the waits between them, and the stream
	// to its end. 0 means 1 hour.
	Call time.Duration
}

// or fills l's zero fields from d.
func (l Limits) or(d Limits) Limits {
	return Limits{
		FirstEvent: cmp.Or(l.FirstEvent, d.FirstEvent),
		Reply:      cmp.Or(l.Reply, d.Reply),
		Silence:    cmp.Or(l.Silence, d.Silence),
		Call:       cmp.Or(l.Call, d.Call),
	}
}

func (l Limits) withDefaults() Limits {
	return l.or(Limits{FirstEvent: 5 * time.Minute, Reply: 30 * time.Minute, Silence: 5 * time.Minute, Call: time.Hour})
}
