package extproc

import (
	"context"
	"errors"
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

// Config is what a Server needs. Gateway is required.
type Config struct {
	// Gateway returns the current configuration. It is called once a request, after
	// the request has been received.
	Gateway func() Gateway
	// MaxBodyBytes limits a request body, as it arrives and decompressed; larger ones
	// get 413. 0 means DefaultMaxBodyBytes.
	MaxBodyBytes int
	// MaxCalls limits the model calls in flight; further ones get 503. 0 means no
	// limit.
	MaxCalls int
	// KeepAlive is the silence after which a keep-alive is sent on a stream, and the
	// longest wait for the first event before the response headers are sent. 0 means
	// DefaultKeepAlive.
	KeepAlive time.Duration
	// Observe is called once a request, after its answer. It must be safe for
	// concurrent use and return quickly. nil ignores outcomes.
	Observe func(Outcome)
	// Log receives events that are not part of an Outcome. nil logs nothing.
	Log *zap.Logger
}

// Server implements extprocv3.ExternalProcessorServer. It is safe for
// concurrent use.
type Server struct {
	extprocv3.UnimplementedExternalProcessorServer

	cfg   Config
	calls atomic.Int64

	// stopping ends every call in flight with its cause.
	stopping context.Context
	stop     context.CancelCauseFunc
}

// ErrDraining is the cause with which Stop ends calls.
var ErrDraining = errors.New("the sidecar is shutting down")

// NewServer fails only if Config.Gateway is missing.
func NewServer(cfg Config) (*Server, error) {
	if cfg.Gateway == nil {
		return nil, errors.New("extproc: Config.Gateway is nil")
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
	s := &Server{cfg: cfg}
	s.stopping, s.stop = context.WithCancelCause(context.Background())
	return s, nil
}

// Register adds the service to a gRPC server.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	extprocv3.RegisterExternalProcessorServer(r, s)
}

// InFlight is the number of model calls being answered.
func (s *Server) InFlight() int { return int(s.calls.Load()) }

// admit counts a call, or rejects it when the server stops or is full.
func (s *Server) admit() (release func(), err error) {
	if cause := context.Cause(s.stopping); cause != nil {
		return nil, translator.ErrDraining(cause)
	}
	release = func() { s.calls.Add(-1) }
	if n := s.calls.Add(1); s.cfg.MaxCalls > 0 && n > int64(s.cfg.MaxCalls) {
		release()
		return nil, translator.ErrOverloaded(s.cfg.MaxCalls)
	}
	return release, nil
}

// Stop ends every call in flight: whole answers become 503, streams end with an
// error event. Later calls get 503; pages are still answered. Stop returns at once.
// The RPCs end soon after, those with an incomplete request when it is complete.
func (s *Server) Stop() { s.stop(ErrDraining) }

// Process answers one HTTP request. It returns nil when the answer is complete or
// the client is gone. An error means that gRPC could not read Envoy's messages, or that
// the answer is to be cut off; only Envoy's log shows it.
func (s *Server) Process(stream extprocv3.ExternalProcessor_ProcessServer) error {
	x := newExchange(s, stream)
	defer x.close()
	if err := x.run(); !errors.Is(err, errEndOfRPC) {
		return err
	}
	return nil // the client is gone
}
