package extproc

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"go.uber.org/zap"

	"bedrock-extproc/translator"
)

var (
	// errClientGone is the cause of a context that Envoy ended by closing the RPC: the
	// client has left, or the stream was reset.
	errClientGone = errors.New("the client is gone")

	errPanic = errors.New("panic")
)

// fallbackError is the body if encoding an error panics.
const fallbackError = `{"detail":"The sidecar failed while handling this request; its log names the cause."}`

// fail answers with err. Once the headers of a stream are sent its status is final,
// and the error becomes the last event.
func (x *exchange) fail(err error) error {
	if x.clientGone() {
		return x.abandon()
	}
	e := x.recordFailure(err)
	if x.reply.begun {
		return x.endStream(x.appendError(nil, e))
	}
	answer := translator.Response{Status: e.Status, ContentType: "application/json", Body: []byte(fallbackError)}
	_ = x.recoverPanic(func() error {
		answer = x.endpoint.Dialect.EncodeError(e)
		return nil
	})
	return x.reply.immediate(answer, e)
}

// appendError writes the in-band error event. If that panics, the stream ends without
// one, and clients see that its last event is missing.
func (x *exchange) appendError(dst []byte, e *translator.Error) []byte {
	_ = x.recoverPanic(func() error {
		if x.events == nil {
			x.events = x.encoder.NewStream(e.Facts)
		}
		dst = x.events.AppendError(dst, e)
		return nil
	})
	return dst
}

// recordFailure turns any error into one that the client may see, and records it in
// the outcome.
func (x *exchange) recordFailure(err error) *translator.Error {
	if cause := context.Cause(x.ctx); errors.Is(cause, ErrDraining) {
		err = translator.ErrDraining(cause)
	}
	e := *translator.AsError(err)
	if e.Facts.IsZero() {
		e.Facts = x.outcome.Facts
	}
	e.Facts, e.Streaming = x.req.complete(e.Facts), x.endpoint.Streaming
	x.target.AddNames(&e, x.outcome.Model)
	switch {
	case e.Kind == translator.KindInternal && !errors.Is(err, errPanic):
		x.log.Error("internal error", zap.String("message", e.Message), zap.String("cause", typesOf(e.Cause)))
	case e.Kind == translator.KindRoute:
		x.log.Error("misconfigured route", zap.String("message", e.Message))
	}
	x.outcome.ErrorKind, x.outcome.ErrorClass, x.outcome.AWSError, x.outcome.Facts = e.Kind, e.Class, e.AWSError, e.Facts
	return &e
}

// clientGone reports whether Envoy has closed the RPC.
func (x *exchange) clientGone() bool {
	return errors.Is(context.Cause(x.ctx), errClientGone)
}

// abandon ends an exchange whose client is gone, without an answer.
func (x *exchange) abandon() error {
	x.outcome.ClientGone = true
	return nil
}

// recoverPanic returns f's error. A panic is logged and becomes an error that wraps
// errPanic and hides the panic's value from the client.
func (x *exchange) recoverPanic(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			x.log.Error("panic", zap.String("panic", panicText(p)), zap.Stack("stack"))
			err = translator.ErrInternal(errPanic)
		}
	}()
	return f()
}

// panicText contains no part of a request: it returns the text of the runtime's own
// panics, and only the type of others.
func panicText(p any) string {
	if e, ok := p.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("a %T", p)
}

// typesOf names the types in err's chain: enough to find its origin, without the
// text, which may quote a request.
func typesOf(err error) string {
	var names []string
	for ; err != nil; err = errors.Unwrap(err) {
		names = append(names, fmt.Sprintf("%T", err))
	}
	return strings.Join(names, ": ")
}
