package translator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// This file holds the sentences of failures that are not about the content of a
// request. Those are in package converse.

// maxEcho bounds what an error repeats of a request, in bytes.
const maxEcho = 200

func echo(text string) string { return Clip(text, maxEcho) }

// ErrUnknownPath is the error of a path without an endpoint.
func ErrUnknownPath(path string) *Error {
	return NewError(KindUnknownPath, fmt.Sprintf("No such endpoint: %s.", echo(path)))
}

// ErrMethodNotAllowed is the error of a method that the endpoint does not have.
// allowed may name a method twice.
func ErrMethodNotAllowed(method, path string, allowed []string) *Error {
	e := NewError(KindMethodNotAllowed, fmt.Sprintf("%s does not support the method %s.", echo(path), echo(method)))
	e.Allow = strings.Join(slices.Compact(slices.Sorted(slices.Values(allowed))), ", ")
	return e
}

// ErrPathEscape is the error of a path parameter that cannot be decoded.
func ErrPathEscape() *Error {
	return NewError(KindInvalid, "The model in the path has an invalid percent-escape.")
}

// ErrTooLarge is the error of a body of more than limit bytes.
func ErrTooLarge(limit int) *Error {
	return NewError(KindTooLarge, fmt.Sprintf("The request body is larger than %d bytes.", limit))
}

// ErrEncoding is the error of a Content-Encoding that is not decoded.
func ErrEncoding(encoding string) *Error {
	e := NewError(KindEncoding, fmt.Sprintf("The Content-Encoding %s of the request body is not supported.", echo(encoding)))
	e.Hint = "Send the body with Content-Encoding: gzip, or without the header and uncompressed."
	return e
}

// ErrBrokenGzip is the error of a body that is not what its Content-Encoding says.
func ErrBrokenGzip(cause error) *Error {
	e := NewError(KindMalformed, "The body is not in the gzip format that its Content-Encoding header names, or it ends too early.")
	e.Cause = cause
	return e
}

// ErrUnsupportedMode is the error of a filter whose processing_mode has this setting.
func ErrUnsupportedMode(setting string, cause error) *Error {
	e := NewError(KindUnsupportedMode, fmt.Sprintf("Envoy's ext_proc filter uses %s, which this sidecar does not support.", setting))
	e.Hint = "In the filter's processing_mode set request_header_mode: SEND, request_body_mode: FULL_DUPLEX_STREAMED " +
		"and request_trailer_mode: SEND (Envoy 1.37 or newer)."
	e.Cause = cause
	return e
}

// ErrDraining is the error of a sidecar that is shutting down.
func ErrDraining(cause error) *Error {
	e := NewError(KindDraining, "The sidecar is shutting down.")
	e.Cause = cause
	return e
}

// ErrOverloaded is the error of a call beyond limit calls in flight.
func ErrOverloaded(limit int) *Error {
	return NewError(KindOverloaded, fmt.Sprintf("Too many calls are in flight: the limit is %d.", limit))
}

// ErrBackendOverloaded is the error of a call beyond limit calls in flight at a backend.
func ErrBackendOverloaded(name string, limit int) *Error {
	return NewError(KindOverloaded, fmt.Sprintf("Too many calls are in flight at the backend %q: the limit is %d.", name, limit))
}

// ErrCallerOverloaded is the error of a call beyond limit calls in flight of one caller.
func ErrCallerOverloaded(limit int) *Error {
	return NewError(KindOverloaded, fmt.Sprintf("Too many calls of this caller are in flight: the limit is %d.", limit))
}

// ErrBodiesOverloaded is the error of a body for which there is no memory.
func ErrBodiesOverloaded() *Error {
	return NewError(KindOverloaded, "The bodies of the calls in flight take all the memory that the sidecar has for them.")
}

// ErrUploadTimeout is the error of a body that is not complete within limit.
func ErrUploadTimeout(limit time.Duration) *Error {
	return NewError(KindUploadTimeout, fmt.Sprintf("The request body took too long: it was not complete after %v.", limit))
}

// ErrSlowUpload is the error of a body that brings less than size bytes in a time.
func ErrSlowUpload(size int, within time.Duration) *Error {
	return NewError(KindUploadTimeout, fmt.Sprintf("The request body took too long: fewer than %d bytes of it arrived in %v.", size, within))
}

// ErrInternal is the error that hides cause from the client.
func ErrInternal(cause error) *Error {
	e := NewError(KindInternal, "The sidecar failed while handling this request; its log names the cause.")
	e.Cause = cause
	return e
}

// ErrUnknownBackend is the error of a name that no backend has. Its message is that of
// the agentic gateway.
func ErrUnknownBackend(name string, available []string) *Error {
	return NewError(KindUnknownBackend, fmt.Sprintf("Unknown llm provider '%s'. Available: %s", echo(name), strings.Join(available, ", ")))
}

// ErrRouteBackend is the error of a route in Envoy that names a backend which does not
// exist.
func ErrRouteBackend(name string, available []string) *Error {
	return NewError(KindRoute, fmt.Sprintf("Envoy's route names the backend %q, which the sidecar does not have. It has %s.", name, strings.Join(available, ", ")))
}

// ErrRouteSetting is the error of a route in Envoy that sets gRPC metadata which looks
// like the sidecar's and is not.
func ErrRouteSetting(name string, known []string) *Error {
	return NewError(KindRoute, fmt.Sprintf("Envoy's route sets the gRPC metadata %q, which the sidecar does not read. It reads %s.", name, strings.Join(known, ", ")))
}

// ErrMissingIdentity is the error of a call without a required value.
func ErrMissingIdentity(name string) *Error {
	e := NewError(KindMissingIdentity, fmt.Sprintf("The call has no identity: the value %q is missing.", name))
	e.Hint = "Identity comes from the proxy, never from request headers. Authenticate as the proxy requires. If you did, its ext_proc filter " +
		"may not forward the metadata or attribute."
	return e
}

// ErrNoRule is the error of a caller that matches no access rule.
func ErrNoRule() *Error {
	return notPermitted("", "No access rule matches the identity of this caller.")
}

// ErrForbiddenModel is the error of a model that the access rules keep from the caller.
func ErrForbiddenModel() *Error {
	return notPermitted("model", "This caller may not use this model.")
}

func notPermitted(path, message string) *Error {
	e := NewError(KindNotPermitted, message)
	e.Path, e.Hint = path, "Ask the operator of this gateway for access."
	return e
}

// ErrUnusableIdentity is the error of a value that AWS does not accept in usedIn, such
// as a role.
func ErrUnusableIdentity(name, usedIn string) *Error {
	return NewError(KindNotPermitted, fmt.Sprintf("The value of %q in the identity of this call cannot be used in %s.", name, usedIn))
}

// ErrNoModel is the error of a call without a model.
func ErrNoModel() *Error {
	return invalid("model", "The request names no model, and the backend has no default model.")
}

// ErrUnknownModel is the error of a model that is not listed.
func ErrUnknownModel(available []string) *Error {
	e := NewError(KindNotFound, "This model is not listed.")
	e.Hint = ModelList(available)
	return e
}

// maxListed and maxListedBytes bound ModelList.
const (
	maxListed      = 20
	maxListedBytes = 1000
)

// ModelList is a sentence that lists names of models for a hint, "" without any.
func ModelList(names []string) string {
	if len(names) == 0 {
		return ""
	}
	shown, length := 0, 0
	for shown < min(len(names), maxListed) && length+len(names[shown]) <= maxListedBytes {
		length += len(names[shown])
		shown++
	}
	list := strings.Join(names[:shown], ", ")
	if more := len(names) - shown; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return "The models of this gateway are: " + list + "."
}

// ErrRegion is the error of an X-AWS-Region that is no region.
func ErrRegion() *Error { return invalid("", "X-AWS-Region is not the name of an AWS region.") }

// ErrResidency is the error of an X-AWS-Region that the backend's residency forbids.
func ErrResidency(region string) *Error {
	return invalid("", fmt.Sprintf("X-AWS-Region must be %s: data of this backend must not go to another region.", region))
}

// ErrModelRegion is the error of a model's ARN in another region than the call's.
func ErrModelRegion(model, call string) *Error {
	return invalid("model", fmt.Sprintf("The model's ARN is in region %s, but the call would go to %s.", echo(model), call))
}

func invalid(path, message string) *Error {
	e := NewError(KindInvalid, message)
	e.Path = path
	return e
}

// ErrTimeout is the error of a wait that the sidecar has ended.
func ErrTimeout(awaited string, limit time.Duration, cause error) *Error {
	e := NewError(KindTimeout, fmt.Sprintf("Bedrock took too long: %s did not come within the sidecar's limit of %v.", awaited, limit))
	e.Cause = cause
	return e
}

// ErrTruncated is the error of an answer that ended too early.
func ErrTruncated(cause error) *Error {
	e := NewError(KindTruncated, "The connection to Bedrock ended before the answer was complete.")
	e.Cause = cause
	return e
}

// MaxAnswer bounds an answer of Bedrock, in bytes: a whole one, or the parts of a
// streamed one that are held until its end. Bedrock's InvokeModel answers with at most
// 25,000,000 bytes, and the longest texts, of 128,000 tokens, have about 1 MB.
const MaxAnswer = 32 << 20

// ErrAnswerTooLarge is the error of an answer, or a part of it, of more than limit bytes.
func ErrAnswerTooLarge(part string, limit int) *Error {
	e := NewError(KindAnswerTooLarge, fmt.Sprintf("%s has more than %d bytes.", part, limit))
	e.Hint = "Ask for a shorter answer: lower max_tokens."
	return e
}

// A BadAnswer says how an answer is not one of Bedrock's.
type BadAnswer string

// What can be wrong with an answer.
const (
	AnswerEmpty       BadAnswer = "Bedrock's answer is empty."
	AnswerNotJSON     BadAnswer = "Bedrock's answer is not a JSON object."
	AnswerNotConverse BadAnswer = "Bedrock's answer is not a Converse reply."
	AnswerNoMessage   BadAnswer = "Bedrock's answer holds no message."
	AnswerBlock       BadAnswer = "Bedrock's answer holds a content block that cannot be read."
	AnswerUsage       BadAnswer = "Bedrock's answer holds a usage that cannot be read."
	AnswerNoStream    BadAnswer = "Bedrock did not answer with an event stream."
	AnswerFrame       BadAnswer = "Bedrock sent an event stream that cannot be read."
	AnswerMessageType BadAnswer = "Bedrock sent a message of an unknown type."
	AnswerEventType   BadAnswer = "Bedrock sent an event without a type."
	AnswerEvent       BadAnswer = "Bedrock sent an event that cannot be read."
)

// Error makes a BadAnswer the cause of its error, for errors.Is.
func (b BadAnswer) Error() string { return string(b) }

// ErrBadAnswer is the error of an answer that is not one of Bedrock's. It wraps what
// and cause, which may be nil.
func ErrBadAnswer(what BadAnswer, cause error) *Error {
	e := NewError(KindBadAnswer, string(what))
	e.Cause = errors.Join(what, cause)
	return e
}
