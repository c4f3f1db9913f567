package bedrock

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"

	"bedrock-extproc/translator"
)

// explain turns the error of an attempt into one for clients, with facts. When the
// context has ended, what it ended by is the error.
func (x *exchange) explain(err error) error {
	if cause := context.Cause(x.ctx); cause != nil {
		return x.ended(cause)
	}
	e := x.describe(err)
	e.Facts = x.facts
	return e
}

// ended is the error of a call that was ended: by one of the limits, or for the
// caller's cause, which it wraps.
func (x *exchange) ended(cause error) error {
	limit, ok := cause.(*limitError) //nolint:errorlint // a cause of our own is never wrapped
	if !ok {
		return fmt.Errorf("bedrock: the call was ended: %w", cause)
	}
	e := limit.describe()
	e.Facts = x.facts
	return e
}

// describe finds the one thing that went wrong in the SDK's chain of errors.
func (x *exchange) describe(err error) *translator.Error {
	if e, ok := errors.AsType[*translator.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*credentialsError](err); ok {
		return describeCredentials(e)
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return refused(e, x.status, err).describe(x)
	}
	if x.status != 0 {
		// A body that is no JSON, such as a proxy's page.
		code, _, _ := strings.Cut(x.header.Get("X-Amzn-Errortype"), ":")
		return refusal{code: code, status: x.status, cause: err}.describe(x)
	}
	if e, ok := errors.AsType[interface {
		error
		ConnectionError() bool
	}](err); ok && e.ConnectionError() {
		return notConnected(x, err)
	}
	return &translator.Error{
		Status:  http.StatusInternalServerError,
		Kind:    translator.KindInternal,
		Message: "The sidecar could not make the call to Bedrock; its log names the cause.",
		Cause:   err,
	}
}

func describeCredentials(err *credentialsError) *translator.Error {
	if err.none {
		e := missingCredentials("The request carries no AWS credentials, and the sidecar has none of its own.")
		e.Cause = err
		return e
	}
	return &translator.Error{
		Status:    http.StatusBadGateway,
		Kind:      translator.KindSidecarCredentials,
		Message:   "The sidecar could not get its own AWS credentials.",
		Hint:      "The sidecar's log names the cause; its operator has to see to it.",
		Retryable: true,
		Cause:     err,
	}
}

func notConnected(x *exchange, err error) *translator.Error {
	message := fmt.Sprintf("Bedrock could not be reached in region %s.", x.facts.Region)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		message = fmt.Sprintf("Bedrock did not take a connection in region %s within the sidecar's limit.", x.facts.Region)
	}
	return &translator.Error{
		Status:     http.StatusServiceUnavailable,
		Kind:       translator.KindConnection,
		Message:    message,
		Hint:       "Check that the region exists and offers Bedrock, and that the sidecar can reach its endpoint.",
		Retryable:  true,
		RetryAfter: defaultRetryAfter,
		Cause:      err,
	}
}

func missingCredentials(message string) *translator.Error {
	return &translator.Error{
		Status:  http.StatusBadRequest,
		Kind:    translator.KindNoCredentials,
		Message: message,
		Hint: "Send X-AWS-Access-Key-Id and X-AWS-Secret-Access-Key, or give the sidecar an AWS identity " +
			"and set allow_server_credentials to fallback.",
	}
}

// invalid is a request that would be sent in vain.
func invalid(path, message string) *translator.Error {
	return &translator.Error{Status: http.StatusBadRequest, Kind: translator.KindInvalid, Path: path, Message: message}
}

// badAnswer is an answer that is not one of Converse.
func badAnswer(message string, cause error) *translator.Error {
	return &translator.Error{Status: http.StatusBadGateway, Kind: translator.KindBadAnswer, Message: message, Cause: cause}
}

// emptyAnswer is a success without a byte in it, which a peer in trouble sends.
func emptyAnswer(cause error) *translator.Error {
	e := badAnswer("Bedrock's answer is empty.", cause)
	e.Retryable = true
	return e
}
