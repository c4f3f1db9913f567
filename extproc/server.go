package extproc

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"bedrock-extproc/translator"
)

// Defaults for the zero values of Config.
const (
	DefaultMaxBodyBytes = 32 << 20
	DefaultKeepAlive    = 15 * time.Second
)

// Config is what a Server needs. Dialects and Backends are required.
type Config struct {
	// Dialects answer model calls. The first one also words the errors of
	// requests whose path no dialect claims.
	Dialects []translator.Dialect
	Pages    []PageRoute
	// Backends answer the translated calls.
	Backends Backends
	// MaxBodyBytes bounds a request body, larger ones get 413; 0 means
	// DefaultMaxBodyBytes.
	MaxBodyBytes int
	// MaxCalls bounds the model calls in flight, further ones get 503; 0 means
	// no bound.
	MaxCalls int
	// KeepAlive is the silence after which a comment is sent on a stream, and
	// the longest wait for a first event before the response headers go out; 0
	// means DefaultKeepAlive.
	KeepAlive time.Duration
	// Observe is called once a request, after its answer; nil ignores outcomes.
	// It must be safe for concurrent use and return quickly.
	Observe func(Outcome)
	// Log is used for what an Outcome cannot say; nil logs nothing.
	Log *zap.Logger
}

// Server implements extprocv3.ExternalProcessorServer. It is safe for
// concurrent use.
type Server struct {
	extprocv3.UnimplementedExternalProcessorServer

	cfg    Config
	routes *Routes
	calls  atomic.Int64

	// stopping ends every call in flight with its cause.
	stopping context.Context
	stop     context.CancelCauseFunc
}

// ErrDraining is the cause with which Stop ends calls.
var ErrDraining = errors.New("the sidecar is shutting down")

// NewServer checks cfg and builds the route table. Two owners of one path are
// an error.
func NewServer(cfg Config) (*Server, error) {
	if len(cfg.Dialects) == 0 || cfg.Backends == nil {
		return nil, errors.New("extproc: a server needs a dialect and backends")
	}
	if cfg.MaxBodyBytes == 0 {
		cfg.MaxBodyBytes = DefaultMaxBodyBytes
	}
	if cfg.KeepAlive == 0 {
		cfg.KeepAlive = DefaultKeepAlive
	}
	if cfg.Observe == nil {
		cfg.Observe = func(Outcome) {}
	}
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	table, err := NewRoutes(cfg.Dialects, cfg.Pages)
	if err != nil {
		return nil, fmt.Errorf("extproc: %w", err)
	}
	s := &Server{cfg: cfg, routes: table}
	s.stopping, s.stop = context.WithCancelCause(context.Background())
	return s, nil
}

// Register adds the service to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	extprocv3.RegisterExternalProcessorServer(r, s)
}

// InFlight is the number of model calls being answered.
func (s *Server) InFlight() int { return int(s.calls.Load()) }

// Stop ends every call in flight: whole answers become 503, streams end with an
// error event. Later calls get 503, and pages stay. It returns at once; the RPCs
// end soon after, those that are still uploading once their request is complete.
func (s *Server) Stop() { s.stop(ErrDraining) }

// Process answers one HTTP request. It returns nil once the answer is complete
// or the client is gone; an error means that gRPC could not read Envoy's
// messages, and is seen by nobody but Envoy's log.
func (s *Server) Process(stream extprocv3.ExternalProcessor_ProcessServer) error {
	x := newExchange(s, stream)
	defer x.close()
	if err := x.run(); !errors.Is(err, errEndOfRPC) {
		return err
	}
	return nil // nobody is left to tell
}
