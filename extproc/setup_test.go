package extproc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// No log line, outcome or gRPC error may contain these. Every request contains all of
// them, and every test checks.
const (
	prompt       = "PROMPT-7f3a"
	accessKey    = "AKIA-CALLER-9d1c"
	secretKey    = "SECRET-KEY-55e0"
	sessionToken = "SESSION-TOKEN-c2b8"
)

var credentialHeaders = []string{
	"x-aws-access-key-id", accessKey, "x-aws-secret-access-key", secretKey, "x-aws-session-token", sessionToken,
}

// sidecar is a Server behind a real gRPC connection in memory, with its
// collaborators.
type sidecar struct {
	*extproc.Server
	t     *testing.T
	envoy fakeEnvoy
	cfg   extproc.Config
	// listener accepts further connections.
	listener *bufconn.Listener

	dialect *fakeDialect
	others  []translator.Dialect
	pages   []extproc.PageRoute
	backend *fakeBackend
	logs    *observer.ObservedLogs

	mu       sync.Mutex
	outcomes []extproc.Outcome
}

// bubble runs f in a synctest bubble, which fails if a goroutine is left.
func bubble(t *testing.T, f func(s *sidecar), options ...func(*sidecar)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(start(t, options...)) })
}

// bothCloses runs f as bubble does, once for each way in which Envoy closes RPCs.
func bothCloses(t *testing.T, f func(s *sidecar), options ...func(*sidecar)) {
	t.Helper()
	for name, graceful := range map[string]bool{"reset": false, "graceful": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(s *sidecar) {
				s.envoy.graceful = graceful
				f(s)
			}, options...)
		})
	}
}

func start(t *testing.T, options ...func(*sidecar)) *sidecar {
	t.Helper()
	s := &sidecar{t: t, dialect: &fakeDialect{}, backend: &fakeBackend{}}
	core, logs := observer.New(zapcore.DebugLevel)
	s.logs = logs
	s.cfg = extproc.Config{Observe: s.observe, Log: zap.New(core)}
	for _, option := range options {
		option(s)
	}
	if s.cfg.Gateway == nil {
		s.cfg.Gateway = newGateway(t, s.backend, s.pages, append([]translator.Dialect{s.dialect}, s.others...)...).current
	}
	var err error
	if s.Server, err = extproc.NewServer(s.cfg); err != nil {
		t.Fatal(err)
	}
	s.listener = bufconn.Listen(64 << 10)
	s.envoy = fakeEnvoy{client: serve(t, s.Server, s.listener), mode: modeFullDuplex, graceful: true}
	t.Cleanup(s.checkInvariants)
	return s
}

// serve runs server until the test ends, and returns a client of it.
func serve(t testing.TB, server *extproc.Server, listener *bufconn.Listener) extprocv3.ExternalProcessorClient {
	t.Helper()
	g := grpc.NewServer(append(extproc.ServerOptions(), grpc.WaitForHandlers(true), grpc.MaxRecvMsgSize(1<<20))...)
	server.Register(g)
	go func() {
		if err := g.Serve(listener); err != nil {
			t.Errorf("Serve: %v", err)
		}
	}()
	conn, err := grpc.NewClient("passthrough:///sidecar",
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return listener.Dial() }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		g.Stop()
	})
	return extprocv3.NewExternalProcessorClient(conn)
}

func (s *sidecar) observe(o extproc.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes = append(s.outcomes, o)
}

// post starts a request with a body, in one message.
func (s *sidecar) post(path, body string, headers ...string) *call {
	s.t.Helper()
	c := s.envoy.open(s.t, false, requestHeaders("POST", path, headers...)...)
	c.body(body+prompt, endOfStream)
	return c
}

// get starts a request without a body.
func (s *sidecar) get(path string) *call {
	s.t.Helper()
	return s.envoy.open(s.t, endOfStream, requestHeaders("GET", path)...)
}

func requestHeaders(method, path string, headers ...string) []string {
	all := append([]string{":method", method, ":path", path}, credentialHeaders...)
	return append(all, headers...)
}

// outcome is the outcome of the only request so far.
func (s *sidecar) outcome() extproc.Outcome {
	s.t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.outcomes) != 1 {
		s.t.Fatalf("%d outcomes, want 1: %+v", len(s.outcomes), s.outcomes)
	}
	return s.outcomes[0]
}

// works checks that a request still succeeds.
func (s *sidecar) works() {
	s.t.Helper()
	*s.dialect, s.backend.converse, s.backend.target = fakeDialect{}, nil, nil
	if a := s.envoy.open(s.t, endOfStream, requestHeaders("POST", "/whole")...).answer(); a.status != 200 || a.body() != "reply: hello" {
		s.t.Errorf("the next request got %d %q", a.status, a.body())
	}
}

func (s *sidecar) checkInvariants() {
	synctest.Wait()
	for _, u := range s.Limits() {
		if u.Current != 0 {
			s.t.Errorf("held at the end: %+v", u)
		}
	}
	if open, all := s.OpenCalls(1); all != 0 || s.OpenStreams() != 0 {
		s.t.Errorf("open at the end: %d calls, %d streams, %+v", all, s.OpenStreams(), open)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.outcomes {
		s.checkSecrets("outcome", fmt.Sprintf("%+v", o))
	}
	for _, e := range s.logs.All() {
		fields, err := json.Marshal(e.ContextMap())
		if err != nil {
			s.t.Error(err)
		}
		s.checkSecrets("log", e.Message+e.Stack+string(fields))
	}
}

func (s *sidecar) checkSecrets(where, text string) {
	s.t.Helper()
	for _, secret := range []string{prompt, accessKey, secretKey, sessionToken} {
		if strings.Contains(text, secret) {
			s.t.Errorf("%s holds %s: %s", where, secret, text)
		}
	}
}

// decodeError reads what fakeDialect has written.
func decodeError(t *testing.T, body string) (e errorBody) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return e
}
