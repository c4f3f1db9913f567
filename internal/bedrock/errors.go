package bedrock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"

	"bedrock-extproc/translator"
)

// explain turns the error of a call into one for clients, with facts. When ctx
// has ended, the error is the context's cause, wrapped.
func (x *exchange) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("bedrock: the call was ended: %w", cause)
	}
	e := x.describe(err)
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
	return &translator.Error{
		Status:     http.StatusServiceUnavailable,
		Kind:       translator.KindConnection,
		Message:    fmt.Sprintf("Bedrock could not be reached in region %s.", x.facts.Region),
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
