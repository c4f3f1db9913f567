package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bedrock-extproc/tests/bench/canned"
	"bedrock-extproc/tests/bench/kernel"
)

// held are streams that stay open while something else is measured.
type held struct {
	client *client
	begun  atomic.Int64 // streams that have their first bytes
	lines  atomic.Int64
	end    context.CancelCauseFunc
	group  *errgroup.Group
}

// opening is the number of streams that are opened at one time.
const opening = 200

// errMeasured ends streams that have served their purpose.
var errMeasured = errors.New("measured")

// hold opens streams through p, each with that many events a second, and returns when all
// have begun.
func (s *stack) hold(p *path, streams int, rate float64) (*held, error) {
	ctx, cancel := context.WithCancelCause(s.ctx)
	h := &held{client: newClient(p.url), end: cancel}
	h.group, ctx = errgroup.WithContext(ctx)
	r := chat(canned.Shape{Events: 5000, Rate: rate})
	free := make(chan struct{}, opening)
	for range streams {
		h.group.Go(func() error { return h.read(ctx, &r, free) })
	}
	for h.begun.Load() < int64(streams) {
		if ctx.Err() != nil {
			return nil, h.close()
		}
		time.Sleep(time.Millisecond)
	}
	return h, nil
}

// read reads a stream until ctx ends. It has a place in free until the stream has begun.
func (h *held) read(ctx context.Context, r *request, free chan struct{}) error {
	free <- struct{}{}
	leave := func() { <-free }
	first := true
	err := h.client.ask(ctx, r, func(data []byte) {
		if first {
			first = false
			h.begun.Add(1)
			leave()
		}
		h.lines.Add(int64(bytes.Count(data, []byte("\n"))))
	})
	if first {
		leave()
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("a stream has ended: %w", err)
}

// events are those that have arrived so far. Each has two lines.
func (h *held) events() int { return int(h.lines.Load() / 2) }

// close ends the streams. It returns the error of a stream that has ended before.
func (h *held) close() error {
	h.end(errMeasured)
	err := h.group.Wait()
	h.client.http.CloseIdleConnections()
	return err
}

// heldCost measures what an event of open streams costs, for a time.
func (s *stack) heldCost(p *path, streams int, rate float64, window time.Duration) (sample, error) {
	h, err := s.hold(p, streams, rate)
	if err != nil {
		return nil, err
	}
	before := h.events()
	spent, err := cpu(func() error { time.Sleep(window); return nil }, p.behind)
	events := h.events() - before
	if err := errors.Join(err, h.close()); err != nil {
		return nil, err
	}
	want := float64(streams) * rate * window.Seconds()
	if math.Abs(float64(events)/want-1) > 0.25 {
		return nil, fmt.Errorf("%w: %d events instead of %.0f", errIncomplete, events, want)
	}
	return sample{cpuPerEvent: microseconds(spent[0], events)}, nil
}

// heldMemory is the memory of what is behind p with that many streams open.
func (s *stack) heldMemory(p *path, streams int) (int64, error) {
	h, err := s.hold(p, streams, 1)
	if err != nil {
		return 0, err
	}
	time.Sleep(settle)
	open, _, err := kernel.Memory(p.behind.pid())
	return open, errors.Join(err, h.close())
}
