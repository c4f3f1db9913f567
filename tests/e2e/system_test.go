package e2e

import (
	"net/http/httptest"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
)

// system is everything between a client and the end of Bedrock.
type system struct {
	bedrock    *fakebedrock.Server
	bedrockURL string
	sidecar    *sidecar
	envoy      *envoytest.Envoy
	// done hears of each call's end at Bedrock.
	done chan fakebedrock.Call
}

// url is an endpoint of the listener.
func (s *system) url(path string) string { return s.envoy.URL + path }

func (s *system) completions() string { return s.url("/api/v1/llm/completions") }
func (s *system) stream() string      { return s.url("/api/v1/llm/completions/stream") }

// start starts a stand-in that behaves as script says, the sidecar and Envoy.
func start(t testing.TB, script func(*fakebedrock.Request) fakebedrock.Behaviour, flags ...string) *system {
	t.Helper()
	return startWith(t, nil, script, flags...)
}

// startWith is start with another configuration of Envoy.
func startWith(t testing.TB, edit func(*bootstrapv3.Bootstrap), script func(*fakebedrock.Request) fakebedrock.Behaviour, flags ...string) *system {
	t.Helper()
	s := &system{done: make(chan fakebedrock.Call, 10_000)}
	s.bedrock = fakebedrock.New(fakebedrock.Config{
		Script: script,
		OnDone: func(c fakebedrock.Call) {
			select {
			case s.done <- c:
			default: // a load, which nobody asks about call by call
			}
		},
	})
	server := httptest.NewServer(s.bedrock)
	t.Cleanup(server.Close)
	s.bedrockURL = server.URL
	s.sidecar = startSidecar(t, server.URL, flags...)
	s.envoy = envoytest.Start(t, s.sidecar.socket, edit)
	return s
}

// ended waits for the end of one call at Bedrock.
func (s *system) ended(t *testing.T) fakebedrock.Call {
	t.Helper()
	select {
	case c := <-s.done:
		return c
	case <-time.After(10 * time.Second):
		t.Fatal("the call to Bedrock goes on")
		return fakebedrock.Call{}
	}
}

// always behaves the same for every call.
func always(b fakebedrock.Behaviour) func(*fakebedrock.Request) fakebedrock.Behaviour {
	return func(*fakebedrock.Request) fakebedrock.Behaviour { return b }
}

func exception(t *testing.T, name string) *fakebedrock.Exception {
	t.Helper()
	e, ok := fakebedrock.NewException(name, "")
	if !ok {
		t.Fatalf("no exception %q", name)
	}
	return e
}
