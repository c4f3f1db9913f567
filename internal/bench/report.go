package bench

import (
	"errors"
	"slices"
	"time"

	"bedrock-extproc/internal/client"
)

// Report is what was measured.
type Report struct {
	Through Side  `json:"through"`
	Direct  *Side `json:"direct,omitempty"` // nil if only the listener is measured
	// Added are the differences of the percentiles of both sides.
	Added *Times `json:"added,omitempty"`
	// LateStart is how much later than planned a call started, at worst. More than a few
	// milliseconds mean that this machine is too busy to measure.
	LateStart Milliseconds `json:"late_start_ms"`
	// WarmUpFailed is the number of failed calls of the warm-up.
	WarmUpFailed int `json:"warm_up_failed"`
}

// sides are the sides that are measured.
func (r *Report) sides() []*Side {
	if r.Direct == nil {
		return []*Side{&r.Through}
	}
	return []*Side{&r.Through, r.Direct}
}

// Side is what was measured at one of the two.
type Side struct {
	Calls  int            `json:"calls"` // that succeeded
	Failed int            `json:"failed"`
	Errors map[string]int `json:"errors,omitempty"` // by text, at most maxErrors
	Times
	Histogram []Bucket `json:"histogram"` // of Whole

	first, whole []time.Duration
}

// Times are percentiles of both times of a call.
type Times struct {
	FirstText Percentiles `json:"first_text_ms"`
	Whole     Percentiles `json:"whole_ms"`
}

// Percentiles are times of calls: half of the calls are as fast as P50, and so on.
type Percentiles struct {
	P50 Milliseconds `json:"p50"`
	P90 Milliseconds `json:"p90"`
	P99 Milliseconds `json:"p99"`
	Max Milliseconds `json:"max"`
}

// Milliseconds is a time for readers and programs.
type Milliseconds float64

func milliseconds(d time.Duration) Milliseconds {
	return Milliseconds(d.Round(time.Microsecond)) / Milliseconds(time.Millisecond)
}

// Bucket counts the calls that took at most To, and more than the bucket before.
type Bucket struct {
	To    Milliseconds `json:"to_ms"`
	Calls int          `json:"calls"`
}

// maxErrors is the number of different errors that are kept; the others are counted as
// otherErrors.
const (
	maxErrors   = 20
	otherErrors = "other errors"
)

func (r *Report) add(s sample) {
	r.LateStart = max(r.LateStart, milliseconds(s.late))
	if s.warmUp {
		if s.err != nil {
			r.WarmUpFailed++
		}
		return
	}
	side := &r.Through
	if s.direct {
		side = r.Direct
	}
	if s.err != nil {
		side.addError(textOf(s.err))
		return
	}
	side.Calls++
	side.first = append(side.first, s.first)
	side.whole = append(side.whole, s.whole)
}

// textOf is the text of an error without what differs between calls.
func textOf(err error) string {
	told, ok := errors.AsType[*client.Error](err)
	if !ok {
		return err.Error()
	}
	same := *told
	same.RequestID = ""
	return same.Error()
}

func (s *Side) addError(text string) {
	s.Failed++
	if s.Errors == nil {
		s.Errors = map[string]int{}
	}
	if _, known := s.Errors[text]; !known && len(s.Errors) >= maxErrors {
		text = otherErrors
	}
	s.Errors[text]++
}

// finish computes everything from the samples.
func (r *Report) finish() {
	for _, side := range r.sides() {
		side.finish()
	}
	if r.Direct != nil && r.Through.Calls > 0 && r.Direct.Calls > 0 {
		r.Added = &Times{
			FirstText: r.Through.FirstText.minus(r.Direct.FirstText),
			Whole:     r.Through.Whole.minus(r.Direct.Whole),
		}
	}
}

func (s *Side) finish() {
	s.FirstText, s.Whole = percentiles(s.first), percentiles(s.whole)
	s.Histogram = histogram(s.whole)
}

// Failed is the number of failed calls, of the warm-up as well.
func (r *Report) Failed() int {
	failed := r.WarmUpFailed
	for _, side := range r.sides() {
		failed += side.Failed
	}
	return failed
}

// AllErrors are the texts of the errors of both sides, with their numbers.
func (r *Report) AllErrors() map[string]int {
	all := map[string]int{}
	for _, side := range r.sides() {
		for text, n := range side.Errors {
			all[text] += n
		}
	}
	return all
}

func (p Percentiles) minus(o Percentiles) Percentiles {
	return Percentiles{p.P50 - o.P50, p.P90 - o.P90, p.P99 - o.P99, p.Max - o.Max}
}

// percentiles sorts times.
func percentiles(times []time.Duration) Percentiles {
	if len(times) == 0 {
		return Percentiles{}
	}
	slices.Sort(times)
	at := func(percent int) Milliseconds { // the nearest rank
		return milliseconds(times[(len(times)*percent+99)/100-1])
	}
	return Percentiles{at(50), at(90), at(99), at(100)}
}

// maxBuckets is the number of buckets of a histogram.
const maxBuckets = 40

// histogram counts sorted times in buckets, each longer than the one before by the fourth
// root of two. The last of maxBuckets has all that are longer.
func histogram(times []time.Duration) []Bucket {
	list := []Bucket{}
	if len(times) == 0 {
		return list
	}
	limit := 10 * time.Microsecond
	bucket := Bucket{}
	for _, d := range times {
		for d > limit && len(list) < maxBuckets-1 {
			if bucket.Calls > 0 || len(list) > 0 {
				bucket.To = milliseconds(limit)
				list = append(list, bucket)
				bucket = Bucket{}
			}
			limit = limit * 1189 / 1000
		}
		bucket.Calls++
	}
	bucket.To = milliseconds(max(limit, times[len(times)-1]))
	return append(list, bucket)
}
