package extproc

import (
	"context"
	"errors"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"bedrock-extproc/translator"
)

// exchange is one HTTP request and its answer. It belongs to the goroutine that
// runs Process. ctx ends, with errClientGone or ErrDraining as its cause, when
// the client is gone or the server stops.
type exchange struct {
	server *Server
	stream extprocv3.ExternalProcessor_ProcessServer
	ctx    context.Context
	cancel context.CancelCauseFunc
	log    *zap.Logger

	req      *request
	dialect  translator.Dialect
	endpoint Endpoint
	routing  error
	encoder  translator.Encoder // once the request is decoded
	events   translator.Stream  // once a stream is open
	reply    *replier
	outcome  Outcome
}

func newExchange(s *Server, stream extprocv3.ExternalProcessor_ProcessServer) *exchange {
	x := &exchange{
		server: s, stream: stream, log: s.cfg.Log, req: &request{start: time.Now()},
		dialect: s.cfg.Dialects[0],
	}
	// The one sign of a client that is gone is a failing Recv, so that the cause
	// never depends on who noticed first.
	x.ctx, x.cancel = context.WithCancelCause(context.WithoutCancel(stream.Context()))
	x.reply = &replier{stream: stream, outcome: &x.outcome, req: x.req}
	return x
}

// run takes the request in and answers it. A panic becomes an answer too: ending
// the RPC instead would hang the client or let the request through.
func (x *exchange) run() error {
	err := x.recoverPanic(x.serve)
	if errors.Is(err, errPanic) {
		return x.fail(err)
	}
	return err
}

func (x *exchange) serve() error {
	err := x.req.receive(x.stream, x.server.cfg.MaxBodyBytes)
	x.begin()
	if err != nil {
		return x.unreceived(err)
	}
	stop := x.watch()
	defer stop()
	return x.answer()
}

// begin names the call, once the request is there as far as it will be.
func (x *exchange) begin() {
	req := x.req
	req.ensureIDs()
	x.outcome.Method, x.outcome.Path = sanitize(req.method), sanitize(req.path)
	x.outcome.Facts = req.complete(translator.Facts{})
	x.outcome.BytesIn = len(req.body)
	x.log = x.log.WithLazy(zap.String("request_id", req.requestID))
	x.endpoint, x.routing = x.server.routes.Find(req.method, req.path, req.header)
	x.dialect = x.endpoint.Dialect
}

// unreceived ends an exchange whose request did not arrive whole.
func (x *exchange) unreceived(err error) error {
	if refusal, ok := errors.AsType[*translator.Error](err); ok {
		return x.fail(refusal)
	}
	switch status.Code(err) {
	case codes.ResourceExhausted, codes.Internal:
		// gRPC has ended the RPC already: it is too late for an answer.
		x.outcome.ErrorKind = translator.KindInternal
		x.log.Error("Envoy's message is unreadable or over the gRPC receive limit", zap.Error(err))
		return err
	default:
		x.outcome.ClientGone = true
		return nil
	}
}

// watch cancels the call when Envoy ends the RPC, in every phase, and when the
// server stops. The returned function ends the second of the two.
func (x *exchange) watch() (stop func() bool) {
	go x.drainUntilGone()
	return context.AfterFunc(x.server.stopping, func() {
		x.cancel(context.Cause(x.server.stopping))
	})
}

// drainUntilGone reads, and ignores, whatever comes after the end of the
// request. It ends with the RPC.
func (x *exchange) drainUntilGone() {
	for {
		if _, err := x.stream.Recv(); err != nil {
			x.cancel(errClientGone)
			return
		}
	}
}

// answer finds who answers and lets them.
func (x *exchange) answer() error {
	if x.routing != nil {
		return x.fail(x.routing)
	}
	if x.endpoint.Page != nil {
		return x.reply.immediate(x.endpoint.Page(PageRequest{
			Method: x.req.method, Path: x.req.path, PathModel: x.endpoint.PathModel, Header: x.req.header, Origin: x.origin(),
		}), nil)
	}
	release, err := x.server.admit()
	if err != nil {
		return x.fail(err)
	}
	defer release()
	return x.answerCall(x.endpoint.Streaming)
}

// answerCall translates the request and sends it on.
func (x *exchange) answerCall(streaming bool) error {
	name, fixed := choose(x.stream.Context(), x.req.provider)
	if fixed {
		x.req.caller.Region = ""
	}
	backend, err := x.server.cfg.Backends.Choose(name, x.origin())
	if err != nil {
		return x.fail(err)
	}
	call, err := x.dialect.Decode(translator.Request{
		Streaming:    streaming,
		PathModel:    x.endpoint.PathModel,
		Header:       x.req.header,
		DefaultModel: backend.DefaultModel(),
		Defaults:     backend.Defaults(),
		Body:         x.req.body,
	})
	if err != nil {
		return x.fail(err)
	}
	x.req.release()
	x.encoder = call.Encoder
	x.outcome.Model, x.outcome.Streaming, x.outcome.Guarded = sanitize(call.Model), call.Streaming, call.Guarded
	switch {
	case !call.Streaming:
		return x.whole(backend, call)
	case x.req.mode == modeFullDuplex:
		return x.streamed(backend, call)
	default:
		return x.buffered(backend, call)
	}
}

// close ends what the exchange started and reports it.
func (x *exchange) close() {
	x.cancel(nil)
	x.outcome.Duration = time.Since(x.req.start)
	_ = x.recoverPanic(func() error {
		x.server.cfg.Observe(x.outcome)
		return nil
	})
}
