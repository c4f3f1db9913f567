package main

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// Events are measured from the times at which they were due, wherever the stream is split.
func TestDelays(t *testing.T) {
	begin := time.Unix(1_800_000_000, 0)
	stream := fmt.Sprintf("data: {\"type\":\"start\"}\n\ndata: {\"delta\":\"%d\"}\n\ndata: {\"delta\":\"b\"}\n\ndata: {\"delta\":\"c\"}\n\ndata: {\"type\":\"end\"}\n\n", begin.UnixNano())
	for size := 1; size <= len(stream); size++ {
		d := delays{interval: 20 * time.Millisecond, events: 3}
		for part := range slices.Chunk([]byte(stream), size) {
			d.read(part, begin.Add(50*time.Millisecond))
		}
		if want := []time.Duration{50 * time.Millisecond, 30 * time.Millisecond, 10 * time.Millisecond}; !slices.Equal(want, d.list) {
			t.Fatalf("in parts of %d bytes: %v", size, d.list)
		}
	}
}

func TestPercentile(t *testing.T) {
	var list []time.Duration
	for i := range 100 {
		list = append(list, time.Duration(100-i))
	}
	slices.Sort(list)
	for part, want := range map[float64]time.Duration{0: 1, 0.5: 50, 0.99: 99, 1: 100} {
		if got := percentile(list, part); got != want {
			t.Errorf("%v: %d, want %d", part, got, want)
		}
	}
	if got := percentile([]time.Duration{1, 2, 3}, 0.5); got != 2 {
		t.Errorf("of three: %d", got)
	}
	if got := percentile(nil, 0.5); got != 0 {
		t.Errorf("of nothing: %d", got)
	}
}

// A load makes exactly its calls, and no more at a time than it says.
func TestLoad(t *testing.T) {
	for _, l := range []load{{Conns: 1, Calls: 3}, {Conns: 4, Calls: 10}, {Conns: 5, Calls: 5}, {Conns: 5, Calls: 3}} {
		var calls, now atomic.Int64
		err := l.each(t.Context(), func(context.Context, time.Time) error {
			if now.Add(1) > int64(l.Conns) {
				t.Errorf("%+v: too many at a time", l)
			}
			calls.Add(1)
			now.Add(-1)
			return nil
		})
		if err != nil || calls.Load() != int64(l.Calls) {
			t.Errorf("%+v: %d calls, %v", l, calls.Load(), err)
		}
	}
}
