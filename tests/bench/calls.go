package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"bedrock-extproc/tests/bench/canned"
)

// record makes a call on a path. It sets the lines that complete answers have there, and
// returns the answer.
func (s *stack) record(p *path, r *request) ([]byte, error) {
	resp, err := newClient(p.url).open(s.ctx, r)
	if err != nil {
		return nil, p.behind.explain(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		return nil, err
	}
	r.lines = bytes.Count(body.Bytes(), []byte("\n"))
	// In each of the APIs, an event with text has this word in its name or in a member.
	if deltas := bytes.Count(bytes.ToLower(body.Bytes()), []byte("delta")); deltas < r.shape.Events {
		return nil, fmt.Errorf("%w: %s: %d events instead of %d", errIncomplete, r.path, deltas, r.shape.Events)
	}
	if r.shape.Events == 0 && !bytes.Contains(body.Bytes(), []byte(canned.Text())) {
		return nil, fmt.Errorf("%w: %s: the text is missing", errIncomplete, r.path)
	}
	return body.Bytes(), nil
}

// The values of calls.
const (
	cpuPerCall   = "CPU of the part per call"
	cpuPerEvent  = "CPU of the part per event"
	envoyPerCall = "CPU of Envoy per call"
	stackPerCall = "CPU of Envoy and the part per call"
	callRate     = "calls per second"
	eventRate    = "events per second"
	// Of paced streams, the delays of events; otherwise the times to the first byte.
	median = "median"
	p99    = "99th percentile"
)

func microseconds(d time.Duration, n int) float64 {
	return float64(d) / float64(time.Microsecond) / float64(n)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// calls is a side whose rounds are a load on a path.
func (s *stack) calls(name string, p *path, r request, l load) side {
	c := newClient(p.url)
	atBedrock := 0
	if p.calls {
		atBedrock = l.Calls
	}
	return side{name, func() (sample, error) {
		var took time.Duration
		var times []time.Duration
		var spent []time.Duration
		err := s.counted(atBedrock, func() (err error) {
			spent, err = cpu(func() (err error) {
				began := time.Now()
				times, err = c.run(s.ctx, &r, l)
				took = time.Since(began)
				return err
			}, p.processes()...)
			return err
		})
		if err != nil {
			return nil, p.behind.explain(err)
		}
		slices.Sort(times)
		got := costs(spent[0], l)
		got[stackPerCall] = got[cpuPerCall]
		if p.envoy != nil {
			got[envoyPerCall] = microseconds(spent[1], l.Calls)
			got[stackPerCall] += got[envoyPerCall]
		}
		got[callRate], got[eventRate] = float64(l.Calls)/took.Seconds(), float64(l.events())/took.Seconds()
		got[median], got[p99] = milliseconds(percentile(times, 0.5)), milliseconds(percentile(times, 0.99))
		return got, nil
	}}
}

var errCalls = errors.New("the number of calls at Bedrock is wrong")

// counted does work that should make that many calls to Bedrock. Repetitions and answers
// from elsewhere are errors.
func (s *stack) counted(calls int, work func() error) error {
	before, err := s.callsAt("bedrock")
	if err != nil {
		return err
	}
	if err := work(); err != nil {
		return err
	}
	after, err := s.callsAt("bedrock")
	if err == nil && after-before != calls {
		err = fmt.Errorf("%w: %d instead of %d", errCalls, after-before, calls)
	}
	return err
}

// callsAt is the number of calls that a canned HTTP server has had.
func (s *stack) callsAt(part string) (n int, err error) {
	req, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.urls[part], http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = fmt.Fscan(resp.Body, &n)
	return n, err
}

// costs are what a load costs for each call and, of streams, for each event.
func costs(spent time.Duration, l load) sample {
	got := sample{cpuPerCall: microseconds(spent, l.Calls)}
	if n := l.events(); n > 0 {
		got[cpuPerEvent] = microseconds(spent, n)
	}
	return got
}

// sdkCalls is the side of the SDK program.
func (s *stack) sdkCalls(l load) (side, error) {
	p, err := s.startSDK()
	if err != nil {
		return side{}, err
	}
	return side{sdk, func() (sample, error) {
		var spent []time.Duration
		err := s.counted(l.Calls, func() (err error) {
			spent, err = cpu(func() error { return p.run(l) }, p.process)
			return err
		})
		if err != nil {
			return nil, err
		}
		return costs(spent[0], l), nil
	}}, nil
}

// sidecars are the sides of the sidecar, and of the older one if there is one.
func (s *stack) sidecars(r request, l load) (list []side, err error) {
	for _, v := range s.versions {
		p, err := s.sidecar(v)
		if err != nil {
			return nil, err
		}
		list = append(list, s.calls(newer+v.suffix, p, r, l))
	}
	return list, nil
}
