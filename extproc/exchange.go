package extproc

import (
	"context"
	"errors"
	"strings"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"bedrock-extproc/translator"
)

// exchange is one HTTP exchange: a request and its answer. It belongs to one goroutine,
// which Process starts. ctx ends when the client is gone or the server stops,
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
	places   places             // that a model call has taken
	body     body               // of a model call, or the memory of its translation
	encoder  translator.Encoder // set when the request is decoded
	cut      bool               // Call.CutFailed
	events   translator.Stream  // set when a stream is open
	reply    *replier
	outcome  Outcome
	open     openCall
}

func newExchange(s *Server, stream extprocv3.ExternalProcessor_ProcessServer) *exchange {
	x := &exchange{server: s, stream: stream, log: s.cfg.Log, req: &request{start: time.Now()}}
	// Only a failing Recv means that the client is gone. The RPC's own context is not
	// used: which of the two ends first would decide the cause.
	x.ctx, x.cancel = context.WithCancelCause(context.WithoutCancel(stream.Context()))
	x.reply = newReplier(stream, x.req, &x.outcome, &x.open.bytesOut)
	x.open.calls = s.open
	x.places.admission, x.body.admission = s.admission, s.admission
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
	headersErr := x.req.receiveHeaders(x.stream)
	x.recordRequest()
	findErr := x.find() // also after headersErr: its answer needs a dialect
	switch {
	case headersErr != nil:
		return x.failReceive(headersErr)
	case findErr == nil && x.endpoint.Page == nil:
		return x.answerCall()
	}
	// Clients understand an answer better after the end of their request.
	if err := x.receiveBody(nil); err != nil {
		return x.failReceive(err)
	}
	if findErr != nil {
		return x.fail(findErr)
	}
	return x.answerPage()
}

// recordRequest records the request's headers, as far as they were received.
func (x *exchange) recordRequest() {
	req := x.req
	req.ensureIDs()
	x.outcome.Method, x.outcome.Path = sanitize(req.method), sanitize(req.path)
	x.outcome.Facts = req.complete(translator.Facts{})
	x.outcome.TraceParent, x.outcome.TraceState = x.traceContext()
	x.log = x.log.WithLazy(zap.String("request_id", req.requestID))
}

// find loads the configuration for the whole exchange, and finds the endpoint.
func (x *exchange) find() (err error) {
	x.gateway = x.server.cfg.Gateway()
	x.endpoint, err = x.gateway.Find(x.req.method, x.req.path, x.req.header)
	if err == nil && x.endpoint.Page == nil {
		x.outcome.API = x.endpoint.Dialect.Name()
	}
	return err
}

// failReceive ends an exchange whose request is incomplete.
func (x *exchange) failReceive(err error) error {
	if refusal, ok := errors.AsType[*translator.Error](err); ok {
		return x.fail(refusal)
	}
	if errors.Is(err, ErrDraining) {
		return x.fail(err)
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

func (x *exchange) answerPage() error {
	answer, err := x.endpoint.Page(PageRequest{
		Method: x.req.method, Path: x.req.path, PathModel: x.endpoint.PathModel,
		Header: x.req.header, Origin: x.origin(), RequestID: x.req.requestID,
	})
	if err != nil {
		return x.fail(err)
	}
	return x.reply.immediate(answer, nil)
}

// answerCall answers a model call. Until the headers have admitted it, nothing else is
// received or done.
func (x *exchange) answerCall() error {
	if cause := context.Cause(x.server.stopping); cause != nil {
		return x.fail(translator.ErrDraining(cause))
	}
	defer context.AfterFunc(x.server.stopping, func() { x.cancel(ErrDraining) })()
	defer x.places.leave()
	if err := x.admit(); err != nil {
		return x.fail(err)
	}
	x.body.max, x.body.expected = x.server.cfg.MaxBodyBytes, x.req.contentLength
	defer x.body.release()
	x.open.enter(PhaseReceiving, &x.outcome)
	if err := x.receiveBody(&x.body); err != nil {
		return x.failReceive(err)
	}
	x.outcome.Upload = time.Since(x.req.start)
	call, err := x.decode()
	if err != nil {
		return x.fail(err)
	}
	x.open.enter(PhaseWaiting, &x.outcome)
	switch {
	case !call.Streaming:
		return x.whole(call)
	case x.req.mode == modeFullDuplex:
		return x.streamed(call)
	default:
		return x.buffered(call)
	}
}

// admit takes the call's places and chooses its target.
func (x *exchange) admit() (err error) {
	if err := x.places.enter(CallLimit{Limit: LimitCalls, Max: x.server.cfg.MaxCalls}); err != nil {
		return err
	}
	x.target, err = x.gateway.Target(x.gateway.Provider(x.req.header), x.req.caller, x.origin())
	if err != nil {
		return err
	}
	x.outcome.Tenant = sanitize(x.target.Tenant)
	return x.places.enter(x.target.Limits...)
}

// decode translates the request, and drops everything but the translation.
func (x *exchange) decode() (*translator.Call, error) {
	if err := x.body.decode(x.req.encoding); err != nil {
		return nil, err
	}
	began := time.Now()
	call, err := x.target.Decode(x.endpoint.Dialect, translator.Request{
		Streaming: x.endpoint.Streaming, Pattern: x.endpoint.Pattern, PathModel: x.endpoint.PathModel, Header: x.req.header, Body: x.body.bytes, Done: x.ctx.Done(),
	})
	x.outcome.Translation = time.Since(began)
	if call != nil {
		call.Model = strings.Clone(call.Model) // records keep it, and it may be a part of a long text
		x.recordCall(call)
	}
	if err != nil {
		return nil, err
	}
	x.req.release()
	x.body.translated(cap(call.Body))
	call.RequestID = x.req.requestID
	x.encoder, x.cut = call.Encoder, call.CutFailed
	return call, nil
}

// recordCall records what the request asks for.
func (x *exchange) recordCall(call *translator.Call) {
	o := &x.outcome
	o.Model, o.ModelLabel = sanitize(call.Model), x.target.modelLabel(call.Model)
	o.Streaming, o.CountTokens, o.Guarded = call.Streaming, call.CountTokens, call.Guarded
	o.Summary.Warnings = call.Warnings
}

// whole answers with one body.
func (x *exchange) whole(call *translator.Call) error {
	raw, facts, err := x.target.Backend.Converse(x.ctx, call, x.target.Caller)
	x.dropBody(call)
	x.applyFacts(facts, call.Model)
	if err != nil {
		return x.fail(err)
	}
	answer, summary, err := x.encoder.EncodeReply(raw, x.outcome.Facts)
	x.outcome.applySummary(summary)
	if err != nil {
		return x.fail(err)
	}
	if x.clientGone() {
		return x.abandon()
	}
	return x.reply.immediate(answer, nil)
}

// dropBody drops the body of a call that Bedrock has answered. An answer may take an
// hour.
func (x *exchange) dropBody(call *translator.Call) {
	call.Body = nil
	x.body.release()
}

// applyFacts records the backend's facts.
func (x *exchange) applyFacts(facts translator.Facts, model string) {
	x.outcome.Facts = x.complete(facts, model)
}

// complete adds what the backend does not know to its facts about a call for model.
func (x *exchange) complete(facts translator.Facts, model string) translator.Facts {
	facts.Price = x.target.price(facts.ModelID, model)
	return x.req.complete(facts)
}

// close ends the exchange's context and reports its outcome.
func (x *exchange) close() {
	x.cancel(nil)
	x.open.leave()
	x.outcome.Duration = time.Since(x.req.start)
	_ = x.recoverPanic(func() error {
		x.server.cfg.Observe(x.outcome)
		return nil
	})
}
