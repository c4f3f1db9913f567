// Package bench measures what the sidecar adds to a call: the command bench. It starts
// calls at a fixed rate, whether or not earlier ones have ended, and counts the time of
// a call from the moment at which it should have started. A server that stalls therefore
// shows in every call that it delays, which a loop of waiting clients would hide.
package bench

import (
	"context"
	"errors"
	"sync"
	"time"

	"bedrock-extproc/internal/client"
)

// Settings are a measurement. All fields but Direct and Progress are required.
type Settings struct {
	Through *client.Client // of the listener
	// Direct is Bedrock's own endpoint. Calls alternate between both. nil measures the
	// listener only.
	Direct      *client.Client
	Request     client.Request // to Through
	ToDirect    client.Request // to Direct
	Rate        float64        // calls per second, to each
	Duration    time.Duration  // of the measurement, after the warm-up
	WarmUp      time.Duration  // calls of this time are made, and not measured
	MaxInFlight int            // more calls at one time are not sent; they count as failed
	// Progress is called every second.
	Progress func(done, all, failed int)
}

// sample is a call that has ended.
type sample struct {
	direct bool
	warmUp bool
	// first and whole are the times until the first piece and until the end of the answer,
	// from the moment at which the call should have started.
	first, whole time.Duration
	late         time.Duration // how much later it started
	err          error
}

var (
	// errTooMany is a call that was not sent.
	errTooMany = errors.New("not sent: too many calls in flight; the server is slower than the rate")
	errNoText  = errors.New("an answer without text")
)

// Run makes all calls and returns what was measured. The error is the cause of ctx's end.
func Run(ctx context.Context, s *Settings) (*Report, error) {
	all := s.plan()
	samples := make(chan sample, len(all))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.start(ctx, all, samples)
	}()
	defer func() { <-ended }()
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	r := &Report{}
	if s.Direct != nil {
		r.Direct = &Side{}
	}
	done, failed := 0, 0
	for done < len(all) {
		select {
		case got := <-samples:
			done++
			if got.err != nil {
				failed++
			}
			r.add(got)
		case <-ticks.C:
			if s.Progress != nil {
				s.Progress(done, len(all), failed)
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	r.finish()
	return r, nil
}

// planned is a call that is to start at a time after the beginning.
type planned struct {
	at             time.Duration
	direct, warmUp bool
}

// plan spreads the calls evenly. With a direct side, pairs alternate in their order, so
// that neither side is always the second.
func (s *Settings) plan() []planned {
	gap := time.Duration(float64(time.Second) / s.Rate)
	count := int((s.WarmUp + s.Duration) / gap)
	var all []planned
	for i := range max(count, 1) {
		at := time.Duration(i) * gap
		warmUp := at < s.WarmUp
		if s.Direct == nil {
			all = append(all, planned{at, false, warmUp})
			continue
		}
		directFirst := i%2 == 1
		all = append(all, planned{at, directFirst, warmUp}, planned{at + gap/2, !directFirst, warmUp})
	}
	return all
}

// start starts each call at its time. It sends a sample for each, and returns when all
// have ended or ctx has.
func (s *Settings) start(ctx context.Context, all []planned, samples chan<- sample) {
	free := make(chan struct{}, s.MaxInFlight)
	var calls sync.WaitGroup
	defer calls.Wait()
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for _, p := range all {
		due := began.Add(p.at)
		timer.Reset(time.Until(due))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		select {
		case free <- struct{}{}:
		default:
			samples <- sample{direct: p.direct, warmUp: p.warmUp, err: errTooMany}
			continue
		}
		calls.Go(func() {
			defer func() { <-free }()
			samples <- s.call(ctx, p, due)
		})
	}
}

// call makes one call.
func (s *Settings) call(ctx context.Context, p planned, due time.Time) sample {
	got := sample{direct: p.direct, warmUp: p.warmUp, late: time.Since(due)}
	c, r := s.Through, s.Request
	if p.direct {
		c, r = s.Direct, s.ToDirect
	}
	begun := false
	_, got.err = c.Ask(ctx, &r, func(client.Piece) {
		if !begun {
			begun, got.first = true, time.Since(due)
		}
	})
	got.whole = time.Since(due)
	if got.err == nil && !begun {
		got.err = errNoText
	}
	return got
}
