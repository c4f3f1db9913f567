package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
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
		{"paced", canned.Shape{Events: 10, Rate: 100}, []string{cpuPerCall, cpuPerEvent, median, p99}},
	} {
		l := load{Shape: c.shape, Conns: 2, Calls: 5, Spread: time.Millisecond}
		f := figure{name: c.name, rounds: 1, sides: func(s *stack) ([]side, error) { return s.withPeers(l) }}
		all, err := f.measure(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{newer, newer + oldSuffix, hop, sdk} {
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
		if d := all[newer][0][median]; c.shape.Rate > 0 && d > 1000 {
			t.Errorf("%s: delay %v ms", c.name, d)
		}
	}
}

// Answers that are cut short fail a run.
func TestIncompleteAnswer(t *testing.T) {
	s := startStack(t)
	r, err := s.recorded(canned.Shape{Events: 3})
	if err != nil {
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

// Envoy accepts each variant of its configuration, and each API's answers are complete.
func TestVariants(t *testing.T) {
	s := startStack(t)
	for name, sides := range map[string]func(load) ([]side, error){"Envoy": s.envoys, "bare": s.withBare, "API": s.everyAPI, "telemetry": s.observed} {
		for _, shape := range []canned.Shape{{}, {Events: 20}} {
			if name == "Envoy" && shape.Events > 0 {
				continue // an answer is buffered in one of the variants
			}
			list, err := sides(load{Shape: shape, Conns: 2, Calls: 4})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, side := range list {
				if got, err := side.round(); err != nil || got[cpuPerCall] <= 0 {
					t.Errorf("%s, %s: %v, %v", name, side.name, got, err)
				}
			}
		}
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if n, err := s.callsAt("collector"); err != nil || time.Now().After(deadline) {
			t.Fatalf("%d calls at the collector, %v", n, err)
		} else if n > 0 {
			break
		}
	}
}

// Open streams are all open, go on, and end when they have been measured.
func TestHeld(t *testing.T) {
	s := startStack(t)
	p, err := s.sidecar(s.versions[0])
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.heldCost(p, 20, 20, 500*time.Millisecond)
	if err != nil || got[cpuPerEvent] <= 0 {
		t.Errorf("%v, %v", got, err)
	}
	if n, err := s.callsAt("bedrock"); err != nil || n != 20 {
		t.Errorf("%d calls, %v", n, err)
	}
	p.behind.stop()
	if got, err := s.heldMemory(p, 2); err == nil {
		t.Errorf("%d bytes of a sidecar that has ended", got)
	}
}

// A call that Bedrock does not get fails a run.
func TestCounted(t *testing.T) {
	s := startStack(t)
	r, err := s.recorded(canned.Shape{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.hop()
	if err != nil {
		t.Fatal(err)
	}
	wrong := *p
	wrong.calls = true
	if got, err := s.calls(hop, &wrong, r, load{Conns: 1, Calls: 3}).round(); !errors.Is(err, errCalls) {
		t.Errorf("%v, %v", got, err)
	}
}

// A part that is started by hand ends when it is told to.
func TestPartEnds(t *testing.T) {
	for _, part := range []string{"bedrock", "collector", "upstream", "hop", "sdk"} {
		socket := "unix://" + filepath.Join(t.TempDir(), "part.sock")
		p, err := start(t.Context(), t.TempDir(), part, socket, nil, self, part, socket, "http://127.0.0.1:1")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		select {
		case <-p.done:
			if !p.cmd.ProcessState.Success() {
				t.Errorf("%s: %v", part, p.cmd.ProcessState)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("%s does not end", part)
			p.stop()
		}
	}
}
