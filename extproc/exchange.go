package extproc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"go.uber.org/zap"

	"bedrock-extproc/translator"
)

// exchange is one HTTP request and its answer. It belongs to the goroutine that
// runs Process; ctx ends when the client is gone or the server stops.
type exchange struct {
	server *Server
	stream extprocv3.ExternalProcessor_ProcessServer
	ctx    context.Context
	cancel context.CancelCauseFunc
	log    *zap.Logger

	req     *request
	dialect translator.Dialect
	reply   *replier
	events  translator.Stream // once a stream has been opened
	outcome Outcome
}

// errClientGone is the cause of a context that ended because Envoy closed the
// RPC: the client left, or the stream was reset.
var errClientGone = errors.New("the client is gone")

func newExchange(s *Server, stream extprocv3.ExternalProcessor_ProcessServer) *exchange {
	x := &exchange{
		server: s, stream: stream, log: s.cfg.Log, req: &request{},
		dialect: s.cfg.Dialects[0],
		outcome: Outcome{Start: time.Now()},
	}
	x.ctx, x.cancel = context.WithCancelCause(stream.Context())
	x.reply = &replier{stream: stream, outcome: &x.outcome}
	return x
}

// begin takes over what was received and names the call.
func (x *exchange) begin(req *request) {
	x.req = req
	if req.requestID == "" {
		req.requestID = newRequestID()
	}
	if req.correlationID == "" {
		req.correlationID = req.requestID
	}
	x.outcome.Method, x.outcome.Path = req.method, req.path
	x.outcome.Facts.RequestID = req.requestID
	x.outcome.BytesIn = len(req.body)
	x.reply.req = req
	x.log = x.log.WithLazy(zap.String("request_id", req.requestID))
}

// watch cancels the call when Envoy ends the RPC, in every phase: it reads, and
// ignores, whatever comes after the end of the request. Its goroutine ends with
// the RPC. The returned function ends the other watch, for Server.Stop.
func (x *exchange) watch() (stop func() bool) {
	go x.drainUntilGone()
	return context.AfterFunc(x.server.stopping, func() {
		x.cancel(context.Cause(x.server.stopping))
	})
}

func (x *exchange) drainUntilGone() {
	for {
		if _, err := x.stream.Recv(); err != nil {
			x.cancel(errClientGone)
			return
		}
	}
}

// unreceived ends an exchange whose request did not arrive whole.
func (x *exchange) unreceived(err error) error {
	if refusal, ok := errors.AsType[*translator.Error](err); ok {
		return x.fail(refusal)
	}
	x.outcome.ClientGone = true
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// answer finds who answers and lets them. A panic becomes an answer too: ending
// the RPC instead would hang the client or let the request through.
func (x *exchange) answer() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = x.fail(x.recovered(p))
		}
	}()
	to, err := x.server.routes.find(x.req.method, x.req.path)
	if err != nil {
		return x.fail(err)
	}
	if to.page != nil {
		status, body := to.page()
		return x.reply.immediate(status, contentTypeJSON, body, nil)
	}
	x.dialect = to.dialect
	release, err := x.server.admit()
	if err != nil {
		return x.fail(err)
	}
	defer release()
	return x.answerCall(to)
}

// answerCall translates the request and sends it on.
func (x *exchange) answerCall(to endpoint) error {
	backend, err := x.server.cfg.Backends.Choose(x.req.provider)
	if err != nil {
		return x.fail(err)
	}
	call, err := to.dialect.Decode(translator.Request{
		Streaming:    to.streaming,
		UserAgent:    x.req.userAgent,
		DefaultModel: backend.DefaultModel(),
		Body:         x.req.body,
	})
	if err != nil {
		return x.fail(err)
	}
	x.req.body = nil // a stream may live for an hour; its request need not
	x.outcome.Model, x.outcome.Streaming = call.Model, call.Streaming
	switch {
	case !call.Streaming:
		return x.whole(backend, call)
	case x.req.mode == modeFullDuplex:
		return x.streamed(backend, call)
	default:
		return x.buffered(backend, call)
	}
}

// fail answers with err. Once a streamed response has begun there is no status
// left to set: the failure is then the stream's last event.
func (x *exchange) fail(err error) error {
	if x.gone() {
		return nil
	}
	if x.reply.begun {
		return x.failInBand(nil, err)
	}
	e := x.explain(err)
	x.outcome.setError(e)
	return x.reply.immediate(e.Status, contentTypeJSON, x.dialect.EncodeError(e), e)
}

// explain turns any error into what the client may see, and logs what it may
// not.
func (x *exchange) explain(err error) *translator.Error {
	if cause := context.Cause(x.ctx); errors.Is(cause, ErrDraining) {
		err = draining(cause)
	}
	e := *translator.AsError(err)
	if e.Facts == (translator.Facts{}) {
		e.Facts = x.outcome.Facts
	}
	e.Facts.RequestID = x.req.requestID
	if e.Kind == translator.KindInternal {
		x.log.Error("internal error", zap.Error(e.Cause))
	}
	return &e
}

// gone reports whether nobody is left to answer.
func (x *exchange) gone() bool {
	cause := context.Cause(x.ctx)
	if cause == nil || errors.Is(cause, ErrDraining) {
		return false
	}
	x.outcome.ClientGone = true
	return true
}

// recovered logs a panic with its stack, and hides it from the client.
func (x *exchange) recovered(p any) error {
	x.log.Error("panic", zap.String("panic", fmt.Sprint(p)), zap.ByteString("stack", debug.Stack()))
	return &translator.Error{
		Status: http.StatusInternalServerError, Kind: translator.KindInternal,
		Message: "The sidecar failed while handling this request; its log names the cause.",
		Cause:   errPanic,
	}
}

var errPanic = errors.New("panic")

// close ends what the exchange started and reports it.
func (x *exchange) close() {
	x.cancel(nil)
	x.outcome.Duration = time.Since(x.outcome.Start)
	x.server.cfg.Observe(x.outcome)
}

// admit counts a call in, or refuses it.
func (s *Server) admit() (release func(), err error) {
	if cause := context.Cause(s.stopping); cause != nil {
		return nil, draining(cause)
	}
	n := s.calls.Add(1)
	if limit := s.cfg.MaxCalls; limit > 0 && n > int64(limit) {
		s.calls.Add(-1)
		return nil, &translator.Error{
			Status: http.StatusServiceUnavailable, Kind: translator.KindOverloaded,
			Message:   "Too many calls are in flight: the limit is " + strconv.Itoa(limit) + ".",
			Retryable: true, RetryAfter: time.Second,
		}
	}
	return func() { s.calls.Add(-1) }, nil
}

func draining(cause error) error {
	return &translator.Error{
		Status: http.StatusServiceUnavailable, Kind: translator.KindDraining,
		Message:   "The sidecar is shutting down.",
		Retryable: true, RetryAfter: time.Second, Cause: cause,
	}
}
