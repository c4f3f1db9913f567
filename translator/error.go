package translator

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// A Kind is the stable name of a failure. It is the error.type that clients
// see and the suffix of Envoy's response code details.
type Kind string

// The kinds of failure, in the order in which a call can meet them.
const (
	KindUnknownPath        Kind = "unknown_path"
	KindMethodNotAllowed   Kind = "method_not_allowed"
	KindTooLarge           Kind = "request_too_large"
	KindMalformed          Kind = "malformed_request"
	KindInvalid            Kind = "invalid_request"
	KindUnknownBackend     Kind = "unknown_backend"
	KindUnsupportedMode    Kind = "unsupported_body_mode"
	KindMissingIdentity    Kind = "missing_identity"
	KindNotPermitted       Kind = "not_permitted"
	KindDraining           Kind = "draining"
	KindOverloaded         Kind = "overloaded"
	KindNoCredentials      Kind = "missing_credentials"
	KindCallerCredentials  Kind = "caller_credentials_refused"
	KindSidecarCredentials Kind = "sidecar_credentials_refused"
	KindConnection         Kind = "cannot_connect"
	KindValidation         Kind = "bedrock_validation"
	KindAccessDenied       Kind = "bedrock_access_denied"
	KindNotFound           Kind = "bedrock_not_found"
	KindThrottled          Kind = "bedrock_throttled"
	KindQuota              Kind = "bedrock_quota_exceeded"
	KindNotReady           Kind = "bedrock_model_not_ready"
	KindUnavailable        Kind = "bedrock_unavailable"
	KindModel              Kind = "bedrock_model_error"
	KindInternalServer     Kind = "bedrock_internal_error"
	KindTimeout            Kind = "timeout"
	KindBadAnswer          Kind = "bad_bedrock_answer"
	KindTruncated          Kind = "stream_truncated"
	KindInternal           Kind = "internal_error"
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
	// Retryable says that the same request may succeed later.
	Retryable bool
	// RetryAfter is sent as the Retry-After header, in whole seconds; 0 omits it.
	RetryAfter time.Duration
	// Allow lists the methods of a 405.
	Allow string
	// Class names the step towards Bedrock that failed, such as "dns" or "sts"; see
	// docs/causes.md. "" if Bedrock itself has answered, or was not called.
	Class string
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
	return &Error{
		Status:  http.StatusInternalServerError,
		Kind:    KindInternal,
		Message: "The sidecar failed while handling this request; its log names the cause.",
		Cause:   err,
	}
}
