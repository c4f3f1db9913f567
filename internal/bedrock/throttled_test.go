package bedrock

import (
	"fmt"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/fakebedrock"
)

// Two regions over real connections, many concurrent clients: while A throttles, by
// status or by the first frame of a stream, B serves all of them; then A serves
// again.
func TestStandInThrottledRegion(t *testing.T) {
	bedrocktest.Isolate(t)
	var throttled atomic.Bool
	throttled.Store(true)
	throttling, ok := fakebedrock.NewException("ThrottlingException", "")
	if !ok {
		t.Fatal("the stand-in knows no ThrottlingException")
	}
	var inFrames atomic.Int64
	scripts := map[string]func(r *fakebedrock.Request) fakebedrock.Behaviour{
		"a": func(r *fakebedrock.Request) fakebedrock.Behaviour {
			b := fakebedrock.Behaviour{Pace: -1}
			if throttled.Load() {
				b.Exception = throttling
				if r.Operation == fakebedrock.ConverseStream && r.Number%2 == 0 {
					b.Fault = fakebedrock.FaultException
					inFrames.Add(1)
				}
			}
			return b
		},
		"b": func(*fakebedrock.Request) fakebedrock.Behaviour { return fakebedrock.Behaviour{Pace: -1} },
	}
	cfg := Config{Retry: Retry{BaseDelay: time.Millisecond}, CoolDown: CoolDown{First: time.Millisecond, Max: 5 * time.Millisecond}}
	for _, name := range []string{"a", "b"} {
		server := httptest.NewServer(fakebedrock.New(fakebedrock.Config{MinDelay: -1, SkipValidation: true, Script: scripts[name]}))
		defer server.Close()
		cfg.Backends = append(cfg.Backends, BackendConfig{Name: name, EndpointURL: server.URL})
	}
	cfg.Backends[0].Fallback = []string{"b"}
	bs, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer bs.CloseIdleConnections()
	a := bs.byName["a"]
	var group sync.WaitGroup
	var most atomic.Int64
	for i := range 16 {
		group.Go(func() {
			for n := range 40 {
				model := fmt.Sprint("model-", i%2)
				_, facts, err := a.Converse(t.Context(), call(model, hello), fakeCaller)
				if err != nil || facts.Backend != "b" {
					t.Errorf("call %d: %+v, %v", n, facts, err)
				}
				events, facts, err := collect(t.Context(), a, call(model, hello), fakeCaller)
				if err != nil || facts.Backend != "b" || len(events) < 5 {
					t.Errorf("stream %d: %d events, %+v, %v", n, len(events), facts, err)
				}
				most.Store(max(most.Load(), int64(facts.Attempts)))
			}
		})
	}
	group.Wait()
	if inFrames.Load() == 0 || most.Load() > 3 {
		t.Errorf("%d exceptions in frames, at most %d attempts", inFrames.Load(), most.Load())
	}
	throttled.Store(false)
	for {
		_, facts, err := a.Converse(t.Context(), call("model-0", hello), fakeCaller)
		if err != nil {
			t.Fatal(err)
		}
		if facts.Backend == "a" {
			break
		}
	}
	if _, facts, err := collect(t.Context(), a, call("model-0", hello), fakeCaller); err != nil || facts.Backend != "a" || facts.Attempts != 1 {
		t.Errorf("got %+v, %v, want an answer of a after 1 attempt", facts, err)
	}
}

// A fault that occurs twice is over with the third attempt, if it came before the model's
// work, and one that occurs once with the second attempt.
func TestStandInPassingFaults(t *testing.T) {
	b, _ := standIn(t)
	b.retry = Retry{BaseDelay: -1}.withDefaults()
	times := map[string]int{
		"throttling": 2, "serviceunavailable": 2, "internalserver": 2, "modelnotready": 2, "bare-429": 2, "html-502": 2,
		"empty-200": 1, "modelerror": 1, "cut": 1, "reset": 1, "end": 1,
	}
	for fault, n := range times {
		t.Run(fault, func(t *testing.T) {
			model := fmt.Sprintf("m#fault=%s&times=%d", fault, n)
			if fault != "end" { // half a reply with the right length looks complete
				_, facts, err := b.Converse(t.Context(), call(model, hello), fakeCaller)
				if err != nil || facts.Attempts != n+1 {
					t.Errorf("got %d attempts, %v, want %d", facts.Attempts, err, n+1)
				}
			}
			events, facts, err := collect(t.Context(), b, call(model+"&at=0", hello), fakeCaller)
			if err != nil || facts.Attempts != n+1 || len(events) < 5 {
				t.Errorf("%d events, %+v, %v", len(events), facts, err)
			}
		})
	}
}
