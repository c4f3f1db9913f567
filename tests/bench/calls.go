package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"bedrock-extproc/tests/bench/canned"
)

// record makes a call through the sidecar, and keeps its answer for the hop and the
// upstream, which answer with the same bytes. It sets the lines that complete answers have.
func (s *stack) record(r *request) error {
	p, err := s.sidecar(newer)
	if err != nil {
		return err
	}
	resp, err := newClient(p.url).open(s.ctx, r)
	if err != nil {
		return p.behind.explain(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		return err
	}
	if r.lines = bytes.Count(body.Bytes(), []byte("\n")); r.lines < r.shape.Events {
		return fmt.Errorf("%w: %d lines for %d events", errIncomplete, r.lines, r.shape.Events)
	}
	return canned.Record(s.answers(), r.shape, body.Bytes())
}

// The values of calls.
const (
	cpuPerCall   = "CPU of the part per call"
	cpuPerEvent  = "CPU of the part per event"
	stackPerCall = "CPU of Envoy and the part per call"
	callRate     = "calls per second"
	eventRate    = "events per second"
	delayMedian  = "median delay of events"
	delayP99     = "delay of 99 % of the events"
)

func microseconds(d time.Duration, n int) float64 {
	return float64(d) / float64(time.Microsecond) / float64(n)
}

// calls is a side whose rounds are a load on a path.
func (s *stack) calls(name string, p *path, r request, l load) side {
	c := newClient(p.url)
	return side{name, func() (sample, error) {
		var took time.Duration
		var late []time.Duration
		spent, err := cpu(func() (err error) {
			began := time.Now()
			late, err = c.run(s.ctx, &r, l)
			took = time.Since(began)
			return err
		}, p.behind, p.envoy)
		if err != nil {
			return nil, p.behind.explain(err)
		}
		got := sample{
			cpuPerCall: microseconds(spent[0], l.Calls), stackPerCall: microseconds(spent[0]+spent[1], l.Calls),
			callRate: float64(l.Calls) / took.Seconds(),
		}
		if n := l.events(); n > 0 {
			got[cpuPerEvent], got[eventRate] = microseconds(spent[0], n), float64(n)/took.Seconds()
		}
		if len(late) > 0 {
			slices.Sort(late)
			got[delayMedian], got[delayP99] = milliseconds(percentile(late, 0.5)), milliseconds(percentile(late, 0.99))
		}
		return got, nil
	}}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// sdkCalls is the side of the SDK program.
func (s *stack) sdkCalls(l load) (side, error) {
	p, err := s.startSDK()
	if err != nil {
		return side{}, err
	}
	return side{sdk, func() (sample, error) {
		spent, err := cpu(func() error { return p.run(l) }, p.process)
		if err != nil {
			return nil, err
		}
		got := sample{cpuPerCall: microseconds(spent[0], l.Calls)}
		if n := l.events(); n > 0 {
			got[cpuPerEvent] = microseconds(spent[0], n)
		}
		return got, nil
	}}, nil
}

// sidecars are the sides of the sidecar, and of the older one if there is one.
func (s *stack) sidecars(r request, l load) (list []side, err error) {
	for _, name := range s.sidecarNames() {
		p, err := s.sidecar(name)
		if err != nil {
			return nil, err
		}
		list = append(list, s.calls(name, p, r, l))
	}
	return list, nil
}

func (s *stack) sidecarNames() []string {
	if _, ok := s.programs[older]; ok {
		return []string{newer, older}
	}
	return []string{newer}
}
