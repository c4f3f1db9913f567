package main

import (
	"os"
	"time"
)

// The values of a start.
const (
	binaryBytes = "bytes of the program"
	readyAfter  = "time from the start of the program until it accepts calls"
)

// startup is what a rollout waits for.
func startup() figure {
	return figure{
		name: "start", rounds: 15, fresh: true, title: "the program, and its start",
		sides: func(s *stack) (list []side, err error) {
			for _, v := range s.versions {
				list = append(list, side{newer + v.suffix, func() (sample, error) { return s.startRound(v) }})
			}
			return list, nil
		},
		rows: []row{
			{label: "size of the program", value: binaryBytes, unit: "MB", of: newer, goal: 30},
			{label: "start until it accepts calls", value: readyAfter, unit: "ms", of: newer, goal: 50},
		},
	}
}

func (s *stack) startRound(v version) (sample, error) {
	info, err := os.Stat(v.program)
	if err != nil {
		return nil, err
	}
	// In a loop, the end of one process would burden the start of the next.
	time.Sleep(settle / 10)
	p, err := s.startSidecar("start", v.program, nil)
	if err != nil {
		return nil, err
	}
	p.stop()
	return sample{binaryBytes: float64(info.Size()) / 1e6, readyAfter: milliseconds(p.ready)}, nil
}
