package main

import "bedrock-extproc/tests/bench/canned"

// firstByte is what the sidecar adds to the time until a client has the first byte.
func firstByte(name, title string, shape canned.Shape) figure {
	l := load{Shape: shape, Conns: 1, Calls: 200, Rate: 200}
	return figure{
		name: name, rounds: 9, title: title + ", 200 a second on one connection",
		sides: func(s *stack) ([]side, error) { return s.withBare(l) },
		rows: []row{
			{label: "time to the first byte, p50", value: median, unit: "ms", of: newer, to: bare, minus: true, goal: 0.45},
			{label: "time to the first byte, p99", value: p99, unit: "ms", of: newer, to: bare, minus: true, goal: 1},
			{label: "the hop's, p50", value: median, unit: "ms", of: hop, to: bare, minus: true},
			{label: "the hop's, p99", value: p99, unit: "ms", of: hop, to: bare, minus: true},
		},
	}
}

// withBare are the sides of a load: the sidecars, the hop and the bare Envoy.
func (s *stack) withBare(l load) ([]side, error) {
	r, err := s.recorded(l.Shape)
	if err != nil {
		return nil, err
	}
	sides, err := s.sidecars(r, l)
	if err != nil {
		return nil, err
	}
	through, err := s.hop()
	if err != nil {
		return nil, err
	}
	without, err := s.bare()
	if err != nil {
		return nil, err
	}
	return append(sides, s.calls(hop, through, r, l), s.calls(bare, without, r, l)), nil
}
