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

// exchange is one HTTP exchange: a request and its answer. It belongs to the
// goroutine that runs Process. ctx ends when the client is gone or the server stops,
// with errClientGone or ErrDraining as its cause.
type exchange struct {
	server *Server
	stream extprocv3.ExternalProcessor_ProcessServer
	ctx    context.Context
	cancel context.CancelCauseFunc
	log    *zap.Logger

	req      *request
	gateway  Gateway // the configuration of this request
	endpoint Endpoint
	target   Target             // of a model call
	encoder  translator.Encoder // set when the request is decoded
	events   translator.Stream  // set when a stream is open
	reply    *replier
	outcome  Outcome
}

func newExchange(s *Server, stream extprocv3.ExternalProcessor_ProcessServer) *exchange {
	x := &exchange{server: s, stream: stream, log: s.cfg.Log, req: &request{start: time.Now()}}
	// Only a failing Recv means that the client is gone. The RPC's own context is not
	// used: which of the two ends first would decide the cause.
	x.ctx, x.cancel = context.WithCancelCause(context.WithoutCancel(stream.Context()))
	x.reply = &replier{stream: stream, outcome: &x.outcome, req: x.req}
	return x
}

// run receives the request and answers it. A panic becomes an answer too: ending
// the RPC instead would hang the client or let the request through.
func (x *exchange) run() error {
	err := x.recoverPanic(x.serve)
	if errors.Is(err, errPanic) {
		return x.fail(err)
	}
	return err
}

func (x *exchange) serve() error {
	receiveErr := x.req.receive(x.stream, x.server.cfg.MaxBodyBytes)
	x.recordRequest()
	findErr := x.find() // also after receiveErr: its answer needs a dialect
	if receiveErr != nil {
		return x.failReceive(receiveErr)
	}
	stop := x.watch()
	defer stop()
	switch {
	case findErr != nil:
		return x.fail(findErr)
	case x.endpoint.Page != nil:
		return x.answerPage()
	default:
		return x.answerCall()
	}
}

// recordRequest records the request, as far as it was received.
func (x *exchange) recordRequest() {
	req := x.req
	req.ensureIDs()
	x.outcome.Method, x.outcome.Path = sanitize(req.method), sanitize(req.path)
	x.outcome.Facts = req.complete(translator.Facts{})
	x.outcome.BytesIn = len(req.body)
	x.log = x.log.WithLazy(zap.String("request_id", req.requestID))
}

// find loads the configuration for the whole exchange, and finds the endpoint.
func (x *exchange) find() (err error) {
	x.gateway = x.server.cfg.Gateway()
	x.endpoint, err = x.gateway.Find(x.req.method, x.req.path, x.req.header)
	return err
}

// failReceive ends an exchange whose request is incomplete.
func (x *exchange) failReceive(err error) error {
	if refusal, ok := errors.AsType[*translator.Error](err); ok {
		return x.fail(refusal)
	}
	switch status.Code(err) {
	case codes.ResourceExhausted, codes.Internal:
		// gRPC has ended the RPC already: it is too late for an answer.
		x.outcome.ErrorKind = translator.KindInternal
		x.log.Error("cannot read Envoy's message, or it is over the gRPC receive limit", zap.Error(err))
		return err
	default:
		return x.abandon()
	}
}

// watch cancels the call when Envoy ends the RPC or the server stops. The returned
// function ends the watch on the server.
func (x *exchange) watch() (stop func() bool) {
	go x.drainUntilGone()
	return context.AfterFunc(x.server.stopping, func() {
		x.cancel(context.Cause(x.server.stopping))
	})
}

// drainUntilGone reads, and ignores, all messages after the end of the request. It
// ends with the RPC.
func (x *exchange) drainUntilGone() {
	for {
		if _, err := x.stream.Recv(); err != nil {
			x.cancel(errClientGone)
			return
		}
	}
}

func (x *exchange) answerPage() error {
	answer, err := x.endpoint.Page(PageRequest{
		Method: x.req.method, Path: x.req.path, PathModel: x.endpoint.PathModel,
		Header: x.req.header, Origin: x.origin(),
	})
	if err != nil {
		return x.fail(err)
	}
	return x.reply.immediate(answer, nil)
}

// answerCall answers a model call.
func (x *exchange) answerCall() error {
	release, err := x.server.admit()
	if err != nil {
		return x.fail(err)
	}
	defer release()
	if x.target, err = x.gateway.Target(x.gateway.Provider(x.req.header), x.req.caller, x.origin()); err != nil {
		return x.fail(err)
	}
	if err := x.req.decodeBody(x.server.cfg.MaxBodyBytes); err != nil {
		return x.fail(err)
	}
	call, err := x.target.Decode(x.endpoint.Dialect, translator.Request{
		Streaming: x.endpoint.Streaming, PathModel: x.endpoint.PathModel, Header: x.req.header, Body: x.req.body, Done: x.ctx.Done(),
	})
	if call != nil {
		x.outcome.Model, x.outcome.Streaming, x.outcome.Guarded = sanitize(call.Model), call.Streaming, call.Guarded
	}
	if err != nil {
		return x.fail(err)
	}
	x.req.release()
	call.RequestID = x.req.requestID
	x.encoder = call.Encoder
	switch {
	case !call.Streaming:
		return x.whole(call)
	case x.req.mode == modeFullDuplex:
		return x.streamed(call)
	default:
		return x.buffered(call)
	}
}

// whole answers with one body.
func (x *exchange) whole(call *translator.Call) error {
	raw, facts, err := x.target.Backend.Converse(x.ctx, call, x.target.Caller)
	x.applyFacts(facts)
	if err != nil {
		return x.fail(err)
	}
	answer, summary, err := x.encoder.EncodeReply(raw, x.outcome.Facts)
	x.outcome.Summary = summary
	if err != nil {
		return x.fail(err)
	}
	if x.clientGone() {
		return x.abandon()
	}
	return x.reply.immediate(answer, nil)
}

// applyFacts records the backend's facts.
func (x *exchange) applyFacts(facts translator.Facts) {
	x.outcome.Facts = x.req.complete(facts)
}

// close ends the exchange's context and reports its outcome.
func (x *exchange) close() {
	x.cancel(nil)
	x.outcome.Duration = time.Since(x.req.start)
	_ = x.recoverPanic(func() error {
		x.server.cfg.Observe(x.outcome)
		return nil
	})
}
