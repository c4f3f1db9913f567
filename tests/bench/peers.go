package main

import (
	"slices"

	"bedrock-extproc/tests/bench/canned"
	"bedrock-extproc/tests/bench/kernel"
)

// peer is something else that can stand between an OpenAI client and Bedrock.
type peer struct {
	name    string
	program string // "" leaves it out
	start   func(s *stack, program string) (*path, error)
}

// peers are all peers, with the programs that flags name.
func peers(liteLLM, portkey, aiGateway string) []peer {
	all := []peer{
		{"LiteLLM", liteLLM, (*stack).startLiteLLM},
		{"Portkey", portkey, (*stack).startPortkey},
		{"Envoy AI Gateway", aiGateway, (*stack).startAIGateway},
	}
	return slices.DeleteFunc(all, func(p peer) bool { return p.program == "" })
}

// peerFigures compare the sidecar and its Envoy with peers.
func peerFigures(list []peer) []figure {
	return []figure{
		peerCosts(list, "peers", "whole calls of OpenAI's API, four at a time", load{Conns: 4, Calls: 200}),
		peerCosts(list, "peers-sse", "streams of 500 events of OpenAI's API, four at a time", load{Shape: canned.Shape{Events: 500}, Conns: 4, Calls: 24}),
	}
}

func peerCosts(list []peer, name, title string, l load) figure {
	f := figure{
		name: name, rounds: 7, title: title,
		sides: func(s *stack) ([]side, error) { return s.peerSides(list, l) },
	}
	for _, w := range []row{
		{label: "CPU per call, of all processes", value: stackPerCall, unit: "µs", of: newer},
		{label: "time to the first byte, p50", value: median, unit: "ms", of: newer},
		{label: "resident memory, of all processes", value: residentBytes, unit: "MB", of: newer},
	} {
		for _, p := range list {
			w.to = p.name
			f.rows = append(f.rows, w)
		}
	}
	return f
}

// peerSides are the sidecar's side and the peers'.
func (s *stack) peerSides(list []peer, l load) (sides []side, err error) {
	add := func(name string, p *path) error {
		r := openai(l.Shape)
		r.header = p.header
		if _, err := s.record(p, &r); err != nil {
			return err
		}
		sides = append(sides, withMemory(s.calls(name, p, r, l), p))
		return nil
	}
	through, err := s.sidecar(s.versions[0])
	if err != nil {
		return nil, err
	}
	if err := add(newer, through); err != nil {
		return nil, err
	}
	for _, p := range list {
		at, err := s.once(p.name, func() (*path, error) { return p.start(s, p.program) })
		if err != nil {
			return nil, err
		}
		if err := add(p.name, at); err != nil {
			return nil, err
		}
	}
	return sides, nil
}

// withMemory adds the memory of a path's processes after each round.
func withMemory(one side, p *path) side {
	return side{one.name, func() (sample, error) {
		got, err := one.round()
		if err != nil {
			return nil, err
		}
		for _, process := range p.processes() {
			now, _, err := kernel.Memory(process.pid())
			if err != nil {
				return nil, err
			}
			got[residentBytes] += float64(now) / 1e6
		}
		return got, nil
	}}
}
