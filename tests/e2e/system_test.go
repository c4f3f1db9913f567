package e2e

import (
	"net/http/httptest"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
)

// system is a running Envoy, sidecar and fake Bedrock.
type system struct {
	bedrock    *fakebedrock.Server
	bedrockURL string
	sidecar    *sidecar
	envoy      *envoytest.Envoy
	// done receives each call that has ended at Bedrock.
	done chan fakebedrock.Call
}

// url returns the URL of a path on the listener.
func (s *system) url(path string) string { return s.envoy.URL + path }

func (s *system) completions() string { return s.url("/api/v1/llm/completions") }
func (s *system) stream() string      { return s.url("/api/v1/llm/completions/stream") }

// start starts a fake Bedrock with the script, the sidecar with flags, and Envoy.
func start(t testing.TB, script func(*fakebedrock.Request) fakebedrock.Behaviour, flags ...string) *system {
	t.Helper()
	return startWith(t, nil, script, flags...)
}

// startWith is start with edited Envoy configuration.
func startWith(t testing.TB, edit func(*bootstrapv3.Bootstrap), script func(*fakebedrock.Request) fakebedrock.Behaviour, flags ...string) *system {
	t.Helper()
	s := startDirect(t, script, flags...)
	s.envoy = envoytest.Start(t, s.sidecar.socket, edit)
	return s
}

// startDirect is start without Envoy.
func startDirect(t testing.TB, script func(*fakebedrock.Request) fakebedrock.Behaviour, flags ...string) *system {
	t.Helper()
	s := &system{done: make(chan fakebedrock.Call, 10_000)}
	s.bedrock = fakebedrock.New(fakebedrock.Config{
		Script: script,
		OnDone: func(c fakebedrock.Call) {
			select {
			case s.done <- c:
			default: // load tests do not read every call
			}
		},
	})
	server := httptest.NewServer(s.bedrock)
	t.Cleanup(server.Close)
	s.bedrockURL = server.URL
	s.sidecar = startSidecar(t, server.URL, flags...)
	return s
}

// ended waits until a call at Bedrock has ended, and returns it.
func (s *system) ended(t *testing.T) fakebedrock.Call {
	t.Helper()
	select {
	case c := <-s.done:
		return c
	case <-time.After(10 * time.Second):
		t.Fatal("the call to Bedrock does not end")
		return fakebedrock.Call{}
	}
}

// always returns a script with the same behaviour for every call.
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
