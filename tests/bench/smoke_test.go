package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"bedrock-extproc/tests/bench/canned"
	"bedrock-extproc/tests/envoytest"
)

// self and program are the binaries of the benchmark and of the sidecar.
var self, program string

func TestMain(m *testing.M) {
	os.Exit(envoytest.Main(m, func(dir string) {
		self, program = filepath.Join(dir, "bench"), filepath.Join(dir, "bedrock-extproc")
	}, envoytest.Build{Args: []string{"bedrock-extproc/cmd/bedrock-extproc", "bedrock-extproc/tests/bench"}}))
}

func startStack(t *testing.T) *stack {
	t.Helper()
	s, err := newStack(t.Context(), self, envoytest.Binary(t), program, program)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// Every side makes the calls of every kind of load, and measures what it should.
func TestSides(t *testing.T) {
	s := startStack(t)
	for _, c := range []struct {
		name   string
		shape  canned.Shape
		values []string
	}{
		{"whole", canned.Shape{}, []string{cpuPerCall, callRate, stackPerCall}},
		{"stream", canned.Shape{Events: 3000}, []string{cpuPerCall, cpuPerEvent, eventRate}},
		{"paced", canned.Shape{Events: 10, Rate: 100}, []string{cpuPerCall, cpuPerEvent, delayMedian, delayP99}},
	} {
		l := load{Shape: c.shape, Conns: 2, Calls: 5, Spread: time.Millisecond}
		f := figure{name: c.name, rounds: 1, sides: func(s *stack) ([]side, error) { return s.withPeers(chat(c.shape), l) }}
		all, err := f.measure(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{newer, older, hop, sdk} {
			if len(all[name]) != 1 {
				t.Fatalf("%s, %s: %d rounds", c.name, name, len(all[name]))
			}
			for _, value := range c.values {
				got, has := all[name][0][value]
				if has == (name == sdk && value != cpuPerCall && value != cpuPerEvent) || has && got <= 0 {
					t.Errorf("%s, %s: %s is %v", c.name, name, value, got)
				}
			}
		}
		if d := all[newer][0][delayMedian]; c.shape.Rate > 0 && d > 1000 {
			t.Errorf("%s: delay %v ms", c.name, d)
		}
	}
}

// Answers that are cut short fail a run.
func TestIncompleteAnswer(t *testing.T) {
	s := startStack(t)
	r := chat(canned.Shape{Events: 3})
	if err := s.record(&r); err != nil {
		t.Fatal(err)
	}
	r.lines++
	p, err := s.hop()
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range []side{s.calls(newer, s.paths[newer], r, load{Shape: r.shape, Conns: 1, Calls: 1}), s.calls(hop, p, r, load{Shape: r.shape, Conns: 1, Calls: 1})} {
		if got, err := side.round(); err == nil {
			t.Errorf("%s: %v", side.name, got)
		}
	}
}
