package main

import (
	"fmt"

	"bedrock-extproc/tests/bench/canned"
)

// The plots, by the names of their files.
const (
	costPlot    = "cost"
	latencyPlot = "latency"
	memoryPlot  = "memory"
)

// costCurve is what a call costs with more and more calls at a time.
func costCurve() figure {
	f := figure{name: "load", rounds: 5, title: "small whole calls, more and more at a time"}
	loads := []load{{Conns: 1, Calls: 200}, {Conns: 4, Calls: 300}, {Conns: 16, Calls: 300}, {Conns: 64, Calls: 300}}
	f.sides = func(s *stack) (all []side, err error) {
		for _, l := range loads {
			sides, err := s.withPeers(l)
			if err != nil {
				return nil, err
			}
			for _, one := range sides {
				all = append(all, side{at(one.name, l.Conns), one.round})
			}
		}
		return all, nil
	}
	for _, l := range loads {
		for _, name := range []string{newer, sdk, hop} {
			f.rows = append(f.rows, row{
				label: fmt.Sprintf("CPU per call, %d at a time", l.Conns), value: cpuPerCall, unit: "µs", of: at(name, l.Conns),
				plot: costPlot, series: name, x: float64(l.Conns),
			})
		}
	}
	return f
}

// at names the side of a curve at one of its points. The suffix of an older version stays last.
func at(side string, x int) string { return fmt.Sprintf("%d: %s", x, side) }

// latencyCurve is the time to the first byte at higher and higher rates.
func latencyCurve() figure {
	f := figure{name: "rate", rounds: 3, title: "small whole calls at higher and higher rates"}
	rates := []int{50, 100, 200, 400, 800}
	f.sides = func(s *stack) ([]side, error) { return s.ratedCalls(rates) }
	for _, rate := range rates {
		for _, name := range []string{newer, bare} {
			for _, part := range []struct{ label, value string }{{"p50", median}, {"p99", p99}} {
				f.rows = append(f.rows, row{
					label: fmt.Sprintf("time to the first byte at %d calls a second, %s", rate, part.label), value: part.value, unit: "ms", of: at(name, rate),
					plot: latencyPlot, series: name + ", " + part.label, x: float64(rate),
				})
			}
		}
	}
	return f
}

func (s *stack) ratedCalls(rates []int) (all []side, err error) {
	r, err := s.recorded(canned.Shape{})
	if err != nil {
		return nil, err
	}
	through, err := s.sidecar(s.versions[0])
	if err != nil {
		return nil, err
	}
	without, err := s.bare()
	if err != nil {
		return nil, err
	}
	for _, rate := range rates {
		l := load{Conns: 64, Calls: rate, Rate: float64(rate)}
		all = append(all, s.calls(at(newer, rate), through, r, l), s.calls(at(bare, rate), without, r, l))
	}
	return all, nil
}

// memoryCurve is the memory of new sidecars with more and more streams.
func memoryCurve() figure {
	f := figure{name: "streams", rounds: 2, fresh: true, title: "memory with more and more open streams"}
	sizes := []int{125, 250, 500, 1000, 2000}
	f.sides = func(s *stack) (all []side, err error) {
		for _, size := range sizes {
			for _, v := range s.versions {
				all = append(all, side{at(newer+v.suffix, size), func() (sample, error) { return s.streamsRound(v, size) }})
			}
		}
		return all, nil
	}
	for _, size := range sizes {
		f.rows = append(f.rows, row{
			label: sized(size) + " open streams", value: residentBytes, unit: "MB", of: at(newer, size),
			plot: memoryPlot, series: newer, x: float64(size),
		})
	}
	return f
}

// residentBytes is a value of sidecars with open streams.
const residentBytes = "resident memory"

func (s *stack) streamsRound(v version, streams int) (sample, error) {
	p, err := s.newSidecar("streams", v.program, nil)
	if err != nil {
		return nil, err
	}
	defer p.stop()
	open, err := s.heldMemory(p, streams)
	if err != nil {
		return nil, p.behind.explain(err)
	}
	return sample{residentBytes: float64(open) / 1e6}, nil
}
