package main

import (
	"fmt"
	"time"

	"bedrock-extproc/tests/bench/canned"
)

// figures are all figures, in the order of the table.
func figures() []figure {
	whole, streams := load{Conns: 4, Calls: 400}, load{Shape: canned.Shape{Events: 500}, Conns: 4, Calls: 60}
	return []figure{
		wholeCalls("whole-1", 1, 120, 25),
		wholeCalls("whole", 32, 500, 25),
		fullSpeed(),
		paced(),
		firstByte("first", "small whole calls", canned.Shape{}),
		firstByte("first-sse", "streams of 20 events", canned.Shape{Events: 20}),
		memory(),
		startup(),
		eventGrowth(),
		streamGrowth(),
		byteGrowth(),
		apiCosts("apis", "small whole calls of each API, four at a time", whole, cpuPerCall, "CPU per call"),
		apiCosts("apis-sse", "streams of 500 events of each API, four at a time", streams, cpuPerEvent, "CPU per event"),
		telemetry("telemetry", "whole calls with telemetry, four at a time", whole),
		telemetry("telemetry-sse", "streams of 500 events with telemetry, four at a time", streams),
		envoyShare(),
		costCurve(),
		latencyCurve(),
		memoryCurve(),
	}
}

// wholeCalls are small whole calls at a time.
func wholeCalls(name string, conns, calls, rounds int) figure {
	l := load{Conns: conns, Calls: calls}
	return figure{
		name: name, rounds: rounds,
		title: fmt.Sprintf("small whole calls, %d at a time", conns),
		sides: func(s *stack) ([]side, error) { return s.withPeers(l) },
		rows: []row{
			{label: "CPU per call", value: cpuPerCall, unit: "µs", of: newer, to: sdk, goal: 1},
			{label: "calls per second", value: callRate, unit: "/s", of: newer, to: hop, goal: 0.75, least: true},
			{label: "CPU per call, with Envoy", value: stackPerCall, unit: "µs", of: newer, to: hop},
		},
	}
}

// fullSpeed is what an event costs that is sent as fast as it is read.
func fullSpeed() figure {
	l := load{Shape: canned.Shape{Events: 2000}, Conns: 4, Calls: 24}
	return figure{
		name: "events", rounds: 25, title: "streams of 2,000 events at full speed, four at a time",
		sides: func(s *stack) ([]side, error) { return s.withPeers(l) },
		rows: []row{
			{label: "CPU per event", value: cpuPerEvent, unit: "µs", of: newer, to: sdk, goal: 0.25},
			{label: "events per second", value: eventRate, unit: "/s", of: newer, to: hop, goal: 0.9, least: true},
		},
	}
}

// paced is what an event costs at the pace of models, and how late it is.
func paced() figure {
	l := load{Shape: canned.Shape{Events: 100, Rate: 50}, Conns: 100, Calls: 100, Spread: 20 * time.Millisecond}
	return figure{
		name: "paced", rounds: 8, title: "100 streams of 50 events a second",
		sides: func(s *stack) ([]side, error) { return s.withPeers(l) },
		rows: []row{
			{label: "CPU per event", value: cpuPerEvent, unit: "µs", of: newer, to: sdk, goal: 0.8},
			{label: "delay of an event, p50", value: median, unit: "ms", of: newer, to: hop},
			{label: "delay of an event, p99", value: p99, unit: "ms", of: newer, to: hop, goal: 1.2},
		},
	}
}

// withPeers are the sides of a load: the sidecars, the SDK and the hop.
func (s *stack) withPeers(l load) ([]side, error) {
	r, err := s.recorded(l.Shape)
	if err != nil {
		return nil, err
	}
	sides, err := s.sidecars(r, l)
	if err != nil {
		return nil, err
	}
	program, err := s.sdkCalls(l)
	if err != nil {
		return nil, err
	}
	p, err := s.hop()
	if err != nil {
		return nil, err
	}
	return append(sides, program, s.calls(hop, p, r, l)), nil
}
