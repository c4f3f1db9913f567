package translator

import (
	"net/http"
	"slices"
	"time"
)

// A Kind is the stable name of a failure. It is the error.type that clients see, the
// label "error" of a metric, and the suffix of Envoy's response code details.
type Kind string

// The kinds of failure, in the order in which a call can meet them.
const (
	KindUnknownPath        Kind = "unknown_path"
	KindMethodNotAllowed   Kind = "method_not_allowed"
	KindTooLarge           Kind = "request_too_large"
	KindUploadTimeout      Kind = "upload_timeout"
	KindEncoding           Kind = "unsupported_encoding"
	KindMalformed          Kind = "malformed_request"
	KindInvalid            Kind = "invalid_request"
	KindUnknownBackend     Kind = "unknown_backend"
	KindUnsupportedMode    Kind = "unsupported_body_mode"
	KindRoute              Kind = "misconfigured_route"
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
	KindAnswerTooLarge     Kind = "answer_too_large"
	KindTruncated          Kind = "stream_truncated"
	KindInternal           Kind = "internal_error"
)

// A KindInfo is one row of the table of kinds, from which docs/errors.md is written.
//
// Clients repeat 502, 503 and 504 by themselves. Once a model may have done its work, the
// status is another one, because a repetition would run and bill the model again: Bedrock's
// own 424 for the model's errors, and otherwise 500, as the agentic gateway answers.
type KindInfo struct {
	Kind   Kind
	Status int
	// Retryable says that the same request may succeed later, and that no model has
	// worked on it. Bedrock asks to repeat also its internal errors. Some errors of the
	// kind know better.
	Retryable bool
	// RetryAfter is the advice to clients where nobody gives a better one; 0 is none.
	RetryAfter time.Duration
	// When and Do are sentences for the page: what happened, and what helps.
	When, Do string
}

// Kinds returns the table of kinds, in the order of the constants.
func Kinds() []KindInfo { return slices.Clone(kinds) }

var kinds = []KindInfo{
	{KindUnknownPath, http.StatusNotFound, false, 0, "No endpoint has this path.", "Check the URL."},
	{KindMethodNotAllowed, http.StatusMethodNotAllowed, false, 0, "The endpoint does not support this method.", "Use a method from the `Allow` header."},
	{KindTooLarge, http.StatusRequestEntityTooLarge, false, 0, "The body is larger than the sidecar or Bedrock accepts.", "Send less. The sidecar's limit is `-max-body-bytes`."},
	{KindUploadTimeout, http.StatusRequestTimeout, true, 0, "The body did not arrive within `-upload-timeout`, or less than 64 KiB of it arrived in 30 s.", "Send the body faster."},
	{KindEncoding, http.StatusUnsupportedMediaType, false, 0, "The body has a `Content-Encoding` other than gzip.", "Use an encoding from the `Accept-Encoding` header."},
	{KindMalformed, http.StatusUnprocessableEntity, false, 0, "The body is not JSON, or a member has the wrong type.", "Correct the member at `path`."},
	{KindInvalid, http.StatusBadRequest, false, 0, "The request has the right form, but Bedrock would reject it, or it cannot be translated.", "See [the reasons](warnings.md), `path` and `hint`."},
	{KindUnknownBackend, http.StatusBadRequest, false, 0, "No backend has the requested name.", "Use one of the names in the message."},
	{KindUnsupportedMode, http.StatusInternalServerError, false, 0, "Envoy's ext_proc filter has a `processing_mode` that the sidecar does not support.", "The operator changes the filter as `hint` says."},
	{KindRoute, http.StatusInternalServerError, false, 0, "Envoy's route names a backend or a setting that the sidecar does not have.", "The operator corrects the route's `grpc_initial_metadata`."},
	{KindMissingIdentity, http.StatusUnauthorized, false, 0, "A required value of the caller's identity is missing.", "Authenticate as the proxy requires."},
	{KindNotPermitted, http.StatusForbidden, false, 0, "The access rules do not allow this caller to do this.", "Ask the operator for access."},
	{KindDraining, http.StatusServiceUnavailable, true, time.Second, "The sidecar is shutting down.", "Retry."},
	{KindOverloaded, http.StatusServiceUnavailable, true, time.Second, "The sidecar has reached one of its [limits](limits.md) on calls in flight or on the memory for their bodies.", "Retry. The message names the limit."},
	{KindNoCredentials, http.StatusBadRequest, false, 0, "The request has no AWS credentials, and the sidecar has none that it may use.", "Send credentials, or have the operator configure them."},
	{KindCallerCredentials, http.StatusUnauthorized, false, 0, "AWS rejected the credentials in the request.", "Check the keys and the session token."},
	{KindSidecarCredentials, http.StatusBadGateway, false, 0, "AWS rejected the sidecar's own credentials or its role, or they could not be fetched.", "The operator reads the sidecar's log."},
	{KindConnection, http.StatusServiceUnavailable, true, time.Second, "The sidecar could not connect to Bedrock.", "Retry. If it lasts, the operator reads the sidecar's log."},
	{KindValidation, http.StatusBadRequest, false, 0, "Bedrock rejected the request.", "See Bedrock's message and `hint`."},
	{KindAccessDenied, http.StatusForbidden, false, 0, "The AWS identity may not call this model.", "See `hint`: permissions or model access are missing."},
	{KindNotFound, http.StatusNotFound, false, 0, "Bedrock does not know the model.", "Check the model id and the region."},
	{KindThrottled, http.StatusTooManyRequests, true, time.Second, "Bedrock throttled the call.", "Retry after `Retry-After`."},
	{KindQuota, http.StatusTooManyRequests, true, time.Second, "A quota of the AWS account is used up.", "Retry later, or request a higher quota."},
	{KindNotReady, http.StatusServiceUnavailable, true, time.Second, "The model is not ready.", "Retry after `Retry-After`."},
	{KindUnavailable, http.StatusServiceUnavailable, true, time.Second, "Bedrock is unavailable.", "Retry after `Retry-After`."},
	{KindModel, http.StatusFailedDependency, false, 0, "The model failed.", "See Bedrock's message and `hint`."},
	{KindInternalServer, http.StatusInternalServerError, true, 0, "Bedrock failed.", "Retry."},
	{KindTimeout, http.StatusInternalServerError, false, 0, "A time limit of the sidecar or of Bedrock ended the call.", "Ask for a shorter answer, or stream it."},
	{KindBadAnswer, http.StatusInternalServerError, false, 0, "Bedrock's answer cannot be understood.", "Check the backend's endpoint. Report it if that is Bedrock."},
	{KindAnswerTooLarge, http.StatusInternalServerError, false, 0, "Bedrock's answer has more than 32 MiB, or a content block of a stream more than 16 MiB, or the answer is larger than `-max-answer-bytes`.", "Ask for a shorter answer: lower `max_tokens`."},
	{KindTruncated, http.StatusInternalServerError, false, 0, "The connection to Bedrock ended before the answer was complete.", "Ask again, if a second answer may be billed."},
	{KindInternal, http.StatusInternalServerError, false, 0, "The sidecar failed.", "The operator reads the sidecar's log."},
}

// NewError returns an error of a kind with the status and the advice of the table.
// The caller adds what else it knows.
func NewError(kind Kind, message string) *Error {
	for _, k := range kinds {
		if k.Kind == kind {
			return &Error{Kind: kind, Status: k.Status, Message: message, Retryable: k.Retryable, RetryAfter: k.RetryAfter}
		}
	}
	return &Error{Kind: kind, Status: http.StatusInternalServerError, Message: message}
}
