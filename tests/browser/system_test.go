//go:build browser

package browser

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/cors/v3" // extension types in the example
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
)

// example is the folder of the example for browsers.
const example = "../../examples/envoy/browser"

// program is the sidecar's binary.
var program string

func TestMain(m *testing.M) {
	os.Exit(envoytest.Main(m, func(dir string) { program = filepath.Join(dir, "bedrock-extproc") },
		envoytest.Build{Args: []string{"bedrock-extproc/cmd/bedrock-extproc"}}))
}

// system is the example: Envoy and the sidecar, with a fake Bedrock.
type system struct {
	envoy   *envoytest.Envoy
	bedrock *fakebedrock.Server
	admin   string // the sidecar's admin address
	// gate releases the events of a streamed answer.
	gate chan struct{}
	// done receives each call that has ended at Bedrock.
	done chan fakebedrock.Call
}

// start starts the example, with further flags of the sidecar. Pages of origin may call.
func start(t *testing.T, origin string, flags ...string) *system {
	t.Helper()
	s := &system{admin: envoytest.FreeAddress(t), gate: make(chan struct{}), done: make(chan fakebedrock.Call, 100)}
	s.bedrock = fakebedrock.New(fakebedrock.Config{Script: s.answer, OnDone: func(c fakebedrock.Call) { s.done <- c }})
	server := httptest.NewServer(s.bedrock)
	t.Cleanup(server.Close)
	s.envoy = envoytest.Start(t, s.startSidecar(t, server.URL, flags), func(b *bootstrapv3.Bootstrap) {
		envoytest.Load(t, b, filepath.Join(example, "envoy.yaml"), "http://localhost:8080", origin)
	})
	return s
}

// answer is what Bedrock does with each scenario's question.
func (s *system) answer(r *fakebedrock.Request) fakebedrock.Behaviour {
	text := fakebedrock.Answer{Text: "one two three"}
	switch body := string(r.Body); {
	case strings.Contains(body, "streamed"):
		return fakebedrock.Behaviour{Answer: text, Gate: s.gate}
	case strings.Contains(body, "aborted"):
		return fakebedrock.Behaviour{Answer: text, Fault: fakebedrock.FaultStall, After: 3}
	case strings.Contains(body, "failed"):
		e, _ := fakebedrock.NewException("ThrottlingException", "")
		return fakebedrock.Behaviour{Exception: e}
	}
	return fakebedrock.Behaviour{}
}

// release releases n events of a streamed answer. It reports whether all were sent in time.
func (s *system) release(n int) bool {
	for range n {
		select {
		case s.gate <- struct{}{}:
		case <-time.After(limit):
			return false
		}
	}
	return true
}

// startSidecar starts the sidecar, and returns its address for Envoy.
func (s *system) startSidecar(t *testing.T, bedrock string, flags []string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "browser-") //nolint:usetesting // t.TempDir can be too long for a socket path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := "unix://" + filepath.Join(dir, "s.sock")
	envoytest.Run(t, socket, []string{
		"AWS_ENDPOINT_URL_BEDROCK_RUNTIME=" + bedrock, "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=" + fakebedrock.DemoAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + fakebedrock.DemoSecretAccessKey,
		"AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_BEARER_TOKEN_BEDROCK=", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}, program, append([]string{"serve", "-listen", socket, "-admin", s.admin, "-drain-delay", "0s"}, flags...)...)
	return socket
}

// ended waits until a call at Bedrock has ended, and returns it.
func (s *system) ended(t *testing.T) fakebedrock.Call {
	t.Helper()
	select {
	case c := <-s.done:
		return c
	case <-time.After(limit):
		t.Fatal("the call to Bedrock does not end")
		return fakebedrock.Call{}
	}
}
