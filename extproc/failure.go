package extproc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/translator"
)

var (
	// errClientGone is the cause of a context that ended because Envoy closed the
	// RPC: the client left, or the stream was reset.
	errClientGone = errors.New("the client is gone")

	errPanic = errors.New("panic")
)

// fallbackError is the answer when even the words for an error fail.
const fallbackError = `{"detail":"The sidecar failed while handling this request; its log names the cause."}`

// fail answers with err. Once a streamed response has begun there is no status
// left to set: the failure is then the stream's last event.
func (x *exchange) fail(err error) error {
	if x.gone() {
		return nil
	}
	e := x.explain(err)
	if x.reply.begun {
		return x.reply.end(x.appendError(nil, e))
	}
	body := []byte(fallbackError)
	_ = x.try(func() error {
		body = x.dialect.EncodeError(e)
		return nil
	})
	return x.reply.immediate(e.Status, contentTypeJSON, body, e)
}

// appendError writes the in-band failure event. A stream that cannot even do
// that ends without one; clients miss the event that spells success.
func (x *exchange) appendError(dst []byte, e *translator.Error) []byte {
	_ = x.try(func() error {
		if x.events == nil {
			x.events = x.encoder.NewStream(e.Facts)
		}
		dst = x.events.AppendError(dst, e)
		return nil
	})
	return dst
}

// explain turns any error into what the client may see, and takes it down.
func (x *exchange) explain(err error) *translator.Error {
	if cause := context.Cause(x.ctx); errors.Is(cause, ErrDraining) {
		err = draining(cause)
	}
	e := *translator.AsError(err)
	if e.Facts == (translator.Facts{}) {
		e.Facts = x.outcome.Facts
	}
	e.Facts.RequestID = x.req.requestID
	if e.Kind == translator.KindInternal && !errors.Is(err, errPanic) {
		x.log.Error("internal error", zap.String("message", e.Message), zap.String("cause", typesOf(e.Cause)))
	}
	x.outcome.ErrorKind, x.outcome.AWSError, x.outcome.Facts = e.Kind, e.AWSError, e.Facts
	return &e
}

// gone reports whether nobody is left to answer.
func (x *exchange) gone() bool {
	if !errors.Is(context.Cause(x.ctx), errClientGone) {
		return false
	}
	x.outcome.ClientGone = true
	return true
}

// try returns f's error. A panic is logged, and becomes an error that hides it
// from the client; errors.Is finds errPanic in it.
func (x *exchange) try(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			x.log.Error("panic", zap.String("panic", panicText(p)), zap.Stack("stack"))
			err = &translator.Error{
				Status: http.StatusInternalServerError, Kind: translator.KindInternal,
				Message: "The sidecar failed while handling this request; its log names the cause.",
				Cause:   errPanic,
			}
		}
	}()
	return f()
}

// panicText says what can be said without content: a panic's value may quote
// the request that caused it, the runtime's own never do.
func panicText(p any) string {
	if e, ok := p.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("a %T", p)
}

// typesOf names the types in err's chain: enough to find where it came from,
// and free of what its text may quote.
func typesOf(err error) string {
	var names []string
	for ; err != nil; err = errors.Unwrap(err) {
		names = append(names, fmt.Sprintf("%T", err))
	}
	return strings.Join(names, ": ")
}

func draining(cause error) error {
	return &translator.Error{
		Status: http.StatusServiceUnavailable, Kind: translator.KindDraining,
		Message:   "The sidecar is shutting down.",
		Retryable: true, RetryAfter: time.Second, Cause: cause,
	}
}
