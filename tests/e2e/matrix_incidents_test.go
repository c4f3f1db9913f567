package e2e

import (
	"context"
	"io"
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
// progress.
type incident struct {
	fault

	during phase
	// happen makes it happen. leave makes the client leave.
	happen func(t *testing.T, s *system, leave func())
	// resume undoes it when the client has seen its answer; nil for nothing.
	resume func(t *testing.T, s *system)
	flags  []string
	// over says that no further call can succeed.
	over bool
}

// A phase is how far a call has come when an incident happens.
type phase int

const (
	// answering: a whole call waits for Bedrock, and of a stream the client has the first
	// events.
	answering phase = iota
	// uploading: the sidecar has the headers and a part of the body.
	uploading
	// waiting: Bedrock has the call, and the client has nothing.
	waiting
	// silent: the client has the headers of a stream, and no event.
	silent
	// unread: Bedrock has sent a long answer, of which the client has read nothing.
	unread
)

// behaviour is Bedrock's in that phase.
func (p phase) behaviour(streamed bool) fakebedrock.Behaviour {
	switch {
	case p == uploading: // of the next call
		return fakebedrock.Behaviour{}
	case p == unread && streamed:
		return fakebedrock.Behaviour{Events: longEvents(250)}
	case p == unread:
		return fakebedrock.Behaviour{Answer: fakebedrock.Answer{Text: strings.Repeat("x", 8*megabyte)}}
	case p == answering && streamed:
		return fakebedrock.Behaviour{Fault: fakebedrock.FaultStall, After: 3}
	default:
		return fakebedrock.Behaviour{Hang: true}
	}
}

func leaves(_ *testing.T, _ *system, leave func()) { leave() }

var incidents = []incident{
	{
		fault:  incidentSeen("the client reads the answer only when Bedrock has ended it", ok(false), ok(true)),
		during: unread,
		happen: func(t *testing.T, s *system, _ func()) {
			if c := s.ended(t); c.Aborted {
				t.Errorf("the call to Bedrock was aborted: %+v", c.Status)
			}
		},
		flags: []string{"-max-answer-bytes", "100000000"}, // a stream of Responses has its text five times
	},
	{
		fault:  incidentSeen("the client leaves while it uploads", seen{}, seen{}),
		during: uploading,
		happen: leaves,
		flags:  []string{"-log-level", "debug"}, // the record has no model
	},
	{fault: incidentSeen("the client leaves before the headers of the answer", seen{}, seen{}), during: waiting, happen: leaves},
	{
		fault:  streamOnly("the client leaves between the headers and the first event", "", seen{200, "", []string{"broken"}}),
		during: silent,
		happen: leaves,
		flags:  []string{"-keep-alive", "50ms"},
	},
	{fault: streamOnly("the client leaves in the middle of the answer", "", seen{200, "", []string{"broken"}}), happen: leaves},
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

// TestIncidents is TestFaultMatrix for incidents. Unless a client is only slow, the call to
// Bedrock is aborted.
func TestIncidents(t *testing.T) {
	for _, api := range apis {
		for protocol, client := range protocols() {
			for _, i := range incidents {
				for _, streamed := range []bool{false, true} {
					if i.whole == nil && !streamed {
						continue
					}
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
	var first atomic.Bool
	arrived := make(chan struct{})
	s := start(t, func(*fakebedrock.Request) fakebedrock.Behaviour {
		if first.CompareAndSwap(false, true) {
			close(arrived)
			return i.during.behaviour(streamed)
		}
		return fakebedrock.Behaviour{}
	}, i.flags...)
	c := newIncidentClient(t, api, s, i, streamed)
	answered := make(chan seen)
	go func() { answered <- c.ask(t, client) }()
	switch i.during {
	case uploading:
		eventually(t, "the upload has begun", func() bool { return s.sidecar.metric(t, "bedrock_extproc_calls_in_flight") == 1 })
	case waiting:
		<-arrived
	case silent, unread:
		<-c.headed
	case answering:
		<-arrived
		if streamed {
			<-c.begun
		}
	}
	i.happen(t, s, c.leave)
	close(c.read)
	want := i.whole
	if streamed {
		want = i.streamed
	}
	if diff := cmp.Diff(api.expect(*want), <-answered, cmp.AllowUnexported(seen{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if i.resume != nil {
		i.resume(t, s)
	}
	i.checkBedrock(t, s)
	if i.over {
		return
	}
	s.checkRecord(t, "incident", "")
	if next := api.ask(t, s, client, fault{}, streamed, "next"); !cmp.Equal(next, ok(streamed), cmp.AllowUnexported(seen{})) {
		t.Errorf("the next call: %v", next)
	}
	s.checkIdle(t)
}

// checkBedrock checks that the call was aborted, or never made.
func (i incident) checkBedrock(t *testing.T, s *system) {
	t.Helper()
	switch i.during {
	case uploading:
		if n := len(s.bedrock.Calls()); n != 0 {
			t.Errorf("%d calls were made", n)
		}
	case unread: // checked already
	default:
		if c := s.ended(t); !c.Aborted {
			t.Errorf("the call to Bedrock was not aborted: %+v", c.Status)
		}
	}
}

// An incidentClient makes the call during which an incident happens.
type incidentClient struct {
	api   api
	req   *http.Request
	leave context.CancelFunc
	// headed is closed when the response has begun, and begun at the first event. read lets
	// the client read an answer that it is to leave unread.
	headed, begun, read chan struct{}
	unread              bool
}

func newIncidentClient(t *testing.T, api api, s *system, i incident, streamed bool) *incidentClient {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	t.Cleanup(leave)
	req, err := api.newRequest(ctx, s, i.fault, streamed, "incident")
	if err != nil {
		t.Fatal(err)
	}
	if i.during == uploading {
		half := io.LimitReader(req.Body, req.ContentLength/2)
		req.Body = io.NopCloser(io.MultiReader(half, heldReader{ctx.Done()}))
		req.GetBody = nil // a client that has sent half of a body cannot begin again
	}
	return &incidentClient{
		api: api, req: req, leave: leave, unread: i.during == unread,
		headed: make(chan struct{}), begun: make(chan struct{}), read: make(chan struct{}),
	}
}

// ask makes the call, and reads the answer to its end.
func (c *incidentClient) ask(t *testing.T, client *http.Client) seen {
	resp, err := client.Do(c.req)
	if err != nil {
		t.Logf("no response: %v", err)
		return seen{}
	}
	defer resp.Body.Close()
	close(c.headed)
	if c.unread {
		<-c.read
	}
	return c.api.read(resp, sync.OnceFunc(func() { close(c.begun) }))
}
