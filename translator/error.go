package translator

import (
	"errors"
	"fmt"
	"time"
)

// An Error is the one error type at the boundary to clients. Every field but
// Cause may be shown to the client; none may hold a prompt, an answer or a
// credential.
type Error struct {
	// Status is the HTTP status, or the one that would have been sent if the
	// stream had not begun.
	Status int
	Kind   Kind
	// Message is one or more sentences for the client.
	Message string
	// Path names the offending place in the request, such as
	// "messages[3].content[1]"; "" when there is none.
	Path string
	// Hint says what to do; "" when nothing is known.
	Hint string
	// Evidence says how it is known that Bedrock refuses this request, for errors about
	// a request that was not sent. It is for the operator, and not part of answers.
	Evidence string
	// Retryable says that the same request may succeed later.
	Retryable bool
	// RetryAfter is sent as the Retry-After header, in whole seconds; 0 omits it.
	RetryAfter time.Duration
	// UnknownModel says that the model that was asked for does not exist. OpenAI's and
	// Anthropic's clients know such an error by its status, 404.
	UnknownModel bool
	// NoCount says that Bedrock does not count the tokens of this model.
	NoCount bool
	// Allow lists the methods of a 405.
	Allow string
	// Class names the step towards Bedrock that failed, such as "dns" or "sts"; see
	// docs/causes.md. "" if Bedrock itself has answered, or was not called.
	Class string
	// Streaming says that the client asked for an event stream.
	Streaming bool
	// AWSError is AWS's exception name, such as "ThrottlingException".
	AWSError string
	// Facts say where the call went, as far as it got.
	Facts Facts
	// Cause is for errors.Is and errors.As, and never shown.
	Cause error
}

// Error gives kind and message, and nothing secret.
func (e *Error) Error() string {
	if e.Path != "" {
		return fmt.Sprintf("%s at %s: %s", e.Kind, e.Path, e.Message)
	}
	return fmt.Sprintf("%s: %s", e.Kind, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// AsError returns the *Error in err's chain, or an internal error that hides
// err from the client. It returns nil for nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return ErrInternal(err)
}
