package main

import (
	"fmt"
	"time"

	"bedrock-extproc/tests/bench/canned"
)

// flat is the goal of growth: the most that a unit may cost more at the largest size than at
// the smallest.
const flat = 1.5

// eventGrowth is what an event costs in longer and longer streams.
func eventGrowth() figure {
	const events = 40_000 // of a round
	f := figure{name: "growth-events", rounds: 5, title: "events of longer streams, at full speed"}
	sizes := []int{100, 1000, 10_000}
	f.sides = func(s *stack) (list []side, err error) {
		p, err := s.sidecar(s.versions[0])
		if err != nil {
			return nil, err
		}
		for _, size := range sizes {
			l := load{Shape: canned.Shape{Events: size}, Conns: 4, Calls: events / size}
			r := chat(l.Shape)
			if _, err := s.record(p, &r); err != nil {
				return nil, err
			}
			list = append(list, s.calls(sized(size)+" events", p, r, l))
		}
		return list, nil
	}
	f.rows = growthRows("CPU per event", cpuPerEvent, " events", sizes)
	return f
}

// streamGrowth is what an event costs in more and more streams, while the number of events
// a second stays the same.
func streamGrowth() figure {
	const rate = 3000 // events a second in all
	f := figure{name: "growth-streams", rounds: 2, title: "3,000 events a second in more and more open streams"}
	sizes := []int{30, 300, 3000}
	f.sides = func(s *stack) (list []side, err error) {
		p, err := s.sidecar(s.versions[0])
		if err != nil {
			return nil, err
		}
		for _, size := range sizes {
			list = append(list, side{sized(size) + " streams", func() (sample, error) { return s.heldCost(p, size, rate/float64(size), 2*time.Second) }})
		}
		return list, nil
	}
	f.rows = growthRows("CPU per event", cpuPerEvent, " streams", sizes)
	return f
}

// cpuPerByte is a value of calls with large bodies.
const cpuPerByte = "CPU of the part per megabyte of a body"

// byteGrowth is what a megabyte of a request costs in larger and larger requests.
func byteGrowth() figure {
	const bytes = 24_000_000 // of a round
	f := figure{name: "growth-bytes", rounds: 7, title: "larger requests, an image, one at a time"}
	sizes := []int{100_000, 1_000_000, 24_000_000}
	f.sides = func(s *stack) (list []side, err error) {
		p, err := s.sidecar(s.versions[0])
		if err != nil {
			return nil, err
		}
		for _, size := range sizes {
			l := load{Conns: 1, Calls: bytes / size}
			calls := s.calls(sized(size)+" bytes", p, large(size), l)
			list = append(list, side{calls.name, func() (sample, error) {
				got, err := calls.round()
				return sample{cpuPerByte: got[cpuPerCall] / float64(size) * 1e6}, err
			}})
		}
		return list, nil
	}
	f.rows = growthRows("CPU per megabyte", cpuPerByte, " bytes", sizes)
	return f
}

// growthRows compare each size with the smallest. Their sides are named by sizes of things.
func growthRows(label, value, things string, sizes []int) (rows []row) {
	for _, size := range sizes[1:] {
		rows = append(rows, row{label: label, value: value, unit: "µs", of: sized(size) + things, to: sized(sizes[0]) + things, goal: flat})
	}
	return rows
}

// sized is a number with commas, which names a side.
func sized(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", sized(n/1000), n%1000)
}
