package e2e

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/fakebedrock"
)

// An incident happens to a process, or is caused by the client, while a call is in
// progress: a whole call waits for Bedrock, and of a stream the client has the first
// events.
type incident struct {
	fault

	// happen makes it happen. leave makes the client leave.
	happen func(t *testing.T, s *system, leave func())
	// resume undoes it when the client has seen its answer; nil for nothing.
	resume func(t *testing.T, s *system)
	flags  []string
	// over says that no further call can succeed.
	over bool
}

var incidents = []incident{
	{
		fault:  incidentSeen("the client leaves", seen{}, seen{200, "", []string{"broken"}}),
		happen: func(_ *testing.T, _ *system, leave func()) { leave() },
	},
	{
		fault:  incidentSeen("the sidecar is killed", early(503, "envoy_sidecar_unreachable"), seen{200, "", []string{"broken"}}),
		happen: func(_ *testing.T, s *system, _ func()) { s.sidecar.kill() },
		over:   true,
	},
	{
		fault:  incidentSeen("the sidecar stops, and the call does not end before the drain timeout", early(503, "draining"), late("draining")),
		happen: func(t *testing.T, s *system, _ func()) { s.sidecar.signal(t, syscall.SIGTERM) },
		flags:  []string{"-drain-timeout", "100ms"},
		over:   true,
	},
	{
		fault:  incidentSeen("the sidecar hangs, for 10 s", early(503, "envoy_sidecar_unreachable"), seen{200, "", []string{"broken"}}),
		happen: func(t *testing.T, s *system, _ func()) { s.sidecar.signal(t, syscall.SIGSTOP) },
		resume: func(t *testing.T, s *system) { s.sidecar.signal(t, syscall.SIGCONT) },
	},
	{
		fault:  incidentSeen("Envoy is killed", seen{}, seen{200, "", []string{"broken"}}),
		happen: func(t *testing.T, s *system, _ func()) { s.envoy.Signal(t, os.Kill) },
		over:   true,
	},
	{
		fault:  incidentSeen("Envoy stops without draining", seen{}, seen{200, "", []string{"broken"}}),
		happen: func(t *testing.T, s *system, _ func()) { s.envoy.Signal(t, syscall.SIGTERM) },
		over:   true,
	},
}

func incidentSeen(name string, whole, streamed seen) fault {
	return fault{name: name, whole: &whole, streamed: &streamed}
}

func incidentTopic() faultTopic {
	topic := faultTopic{name: "A process stops, or the client leaves"}
	for _, i := range incidents {
		topic.faults = append(topic.faults, i.fault)
	}
	return topic
}

// TestIncidents is TestFaultMatrix for incidents. Whatever happens, the call to Bedrock
// is aborted.
func TestIncidents(t *testing.T) {
	for _, api := range apis {
		for protocol, client := range protocols() {
			for _, i := range incidents {
				for _, streamed := range []bool{false, true} {
					t.Run(strings.Join([]string{api.name, protocol, i.name, shapeName(streamed)}, "/"), func(t *testing.T) {
						t.Parallel()
						i.run(t, api, client, streamed)
					})
				}
			}
		}
	}
}

func (i incident) run(t *testing.T, api api, client *http.Client, streamed bool) {
	inProgress := fakebedrock.Behaviour{Fault: fakebedrock.FaultStall, After: 3}
	if !streamed {
		inProgress = fakebedrock.Behaviour{Hang: true}
	}
	var first atomic.Bool
	arrived := make(chan struct{})
	s := start(t, func(*fakebedrock.Request) fakebedrock.Behaviour {
		if first.CompareAndSwap(false, true) {
			close(arrived)
			return inProgress
		}
		return fakebedrock.Behaviour{}
	}, i.flags...)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	begun := make(chan struct{})
	answered := make(chan seen)
	go func() {
		answered <- api.askUntil(ctx, t, s, client, i.fault, streamed, "incident", sync.OnceFunc(func() { close(begun) }))
	}()
	<-arrived
	if streamed {
		<-begun
	}
	i.happen(t, s, leave)
	want := *i.whole
	if streamed {
		want = *i.streamed
	}
	if diff := cmp.Diff(api.expect(want), <-answered, cmp.AllowUnexported(seen{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if i.resume != nil {
		i.resume(t, s)
	}
	if c := s.ended(t); !c.Aborted {
		t.Errorf("the call to Bedrock was not aborted: %+v", c.Status)
	}
	if i.over {
		return
	}
	if next := api.ask(t, s, client, fault{}, streamed, "next"); !cmp.Equal(next, ok(streamed), cmp.AllowUnexported(seen{})) {
		t.Errorf("the next call: %v", next)
	}
	s.checkIdle(t)
}
