package extproc

import (
	"cmp"
	"context"
	"errors"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
)

// Defaults for the zero values of Config.
const (
	DefaultMaxBodyBytes   = 32 << 20
	DefaultMaxBodyMemory  = 512 << 20
	DefaultMaxAnswerBytes = 32 << 20
	DefaultUploadTimeout  = 5 * time.Minute
	DefaultKeepAlive      = 15 * time.Second
)

// Config is what a Server needs. Gateway is required.
type Config struct {
	// Gateway returns the current configuration. It is called once a request, when its
	// headers have arrived.
	Gateway func() Gateway
	// MaxBodyBytes limits a request body, as it arrives and decompressed; larger ones
	// get 413. 0 means DefaultMaxBodyBytes.
	MaxBodyBytes int
	// MaxCalls limits the model calls in flight, which begin with their headers; further
	// ones get 503. 0 means no limit.
	MaxCalls int
	// MaxBodyMemory limits the memory for the bodies of all calls, in bytes: two for each
	// byte of a body. Bodies beyond it get 503, and a body that it could never hold gets
	// 413. 0 means DefaultMaxBodyMemory.
	MaxBodyMemory int64
	// UploadTimeout limits the time from the headers to the end of the body; slower ones
	// get 408. 0 means DefaultUploadTimeout.
	UploadTimeout time.Duration
	// MaxAnswerBytes limits one streamed answer, as it is sent. A longer one ends with an
	// error event: Envoy takes everything at once and keeps it for a slow client. 0 means
	// DefaultMaxAnswerBytes.
	MaxAnswerBytes int
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

	cfg       Config
	admission *admission
	open      *openCalls

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
	cfg.MaxBodyBytes = cmp.Or(cfg.MaxBodyBytes, DefaultMaxBodyBytes)
	cfg.MaxBodyMemory = cmp.Or(cfg.MaxBodyMemory, DefaultMaxBodyMemory)
	cfg.MaxBodyBytes = int(min(int64(cfg.MaxBodyBytes), cfg.MaxBodyMemory/bodyCost))
	cfg.UploadTimeout = cmp.Or(cfg.UploadTimeout, DefaultUploadTimeout)
	cfg.MaxAnswerBytes = cmp.Or(cfg.MaxAnswerBytes, DefaultMaxAnswerBytes)
	cfg.KeepAlive = cmp.Or(cfg.KeepAlive, DefaultKeepAlive)
	if cfg.Observe == nil {
		cfg.Observe = func(Outcome) {}
	}
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	s := &Server{cfg: cfg, admission: newAdmission(cfg.MaxCalls, cfg.MaxBodyMemory), open: newOpenCalls()}
	s.stopping, s.stop = context.WithCancelCause(context.Background())
	return s, nil
}

// Register adds the service to a gRPC server, which needs ServerOptions.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	extprocv3.RegisterExternalProcessorServer(r, s)
}

// InFlight is the number of model calls in flight, from their headers to the end of
// their answers.
func (s *Server) InFlight() int {
	for _, u := range s.Limits() {
		if u.Limit == LimitCalls {
			return int(u.Current)
		}
	}
	return 0
}

// Limits returns the state of the limits on what is held at one time.
func (s *Server) Limits() []LimitUse { return s.admission.uses() }

// OpenCalls returns the model calls in flight that began first, at most limit, and the
// number of all.
func (s *Server) OpenCalls(limit int) (calls []OpenCall, all int) { return s.open.oldest(limit) }

// OpenStreams is the number of streams whose response headers were sent.
func (s *Server) OpenStreams() int { return int(s.open.streams.Load()) }

// Stop ends every call in flight: whole answers become 503, streams end with an
// error event, and uploads get 503. Later calls get 503; pages are still answered. Stop
// returns at once. The RPCs of calls end soon after.
func (s *Server) Stop() { s.stop(ErrDraining) }

// Process answers one HTTP request. It returns nil when the answer is complete or
// the client is gone. An error means that gRPC could not read Envoy's messages, that Envoy
// reads no answer, or that the answer is to be cut off; only Envoy's log shows it.
func (s *Server) Process(stream extprocv3.ExternalProcessor_ProcessServer) error {
	x := newExchange(s, stream)
	err := x.run()
	x.close()
	switch {
	case errors.Is(context.Cause(stream.Context()), errUnread):
		x.log.Warn("Envoy has not read a message of an answer in time, the call ends", zap.Duration("after", sendTimeout))
		return errUnread
	case errors.Is(err, errEndOfRPC):
		return nil // the client is gone
	}
	return err
}
