package converseapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/internal/cause"
	"bedrock-extproc/translator"
)

// clientError turns the error of a failed attempt into one for the client. If ctx has
// ended, its cause is the error.
func (a *attempt) clientError(ctx context.Context, err error) error {
	if end := context.Cause(ctx); end != nil {
		return EndError(end)
	}
	return a.findError(err)
}

// findError finds the one thing that went wrong in the SDK's chain of errors.
func (a *attempt) findError(err error) *translator.Error {
	if e, ok := errors.AsType[*translator.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*awsauth.CredentialsError](err); ok {
		return e.ForClient()
	}
	if a.status == http.StatusProxyAuthRequired { // which AWS never sends
		return cannotConnect(a.request.Region, &cause.ProxyError{Status: a.status})
	}
	if errors.Is(err, cause.ErrTLSPort) {
		return cannotConnect(a.request.Region, err)
	}
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return a.awsError(errorResponse(e, a.status, err))
	}
	if a.status != 0 {
		// The body is not JSON: a proxy's page, for example.
		code, _, _ := strings.Cut(a.header.Get("X-Amzn-Errortype"), ":")
		return a.awsError(awsError{code: code, status: a.status, cause: err})
	}
	if e, ok := errors.AsType[interface {
		error
		ConnectionError() bool
	}](err); ok && e.ConnectionError() {
		return cannotConnect(a.request.Region, err)
	}
	return &translator.Error{
		Status:  http.StatusInternalServerError,
		Kind:    translator.KindInternal,
		Message: "The sidecar could not make the call to Bedrock; its log names the cause.",
		Cause:   err,
	}
}

// awsError is the error for the client of what AWS sent.
func (a *attempt) awsError(e awsError) *translator.Error {
	return e.forClient(a.request.Principal.IsCaller(), a.header)
}

// cannotConnect is the error of a call that did not get to Bedrock.
func cannotConnect(region string, err error) *translator.Error {
	found := cause.Find(err)
	e := &translator.Error{
		Status:    http.StatusServiceUnavailable,
		Kind:      translator.KindConnection,
		Class:     string(found.Class),
		Message:   fmt.Sprintf("The sidecar could not connect to Bedrock in region %s: %s.", region, found.Text),
		Hint:      found.Fix,
		Retryable: found.Retryable,
		Cause:     found,
	}
	if e.Retryable {
		e.RetryAfter = defaultRetryAfter
	}
	return e
}

// cut is the error of a connection that ended in the middle of an answer.
func cut(kind translator.Kind, message string, err error) *translator.Error {
	found := cause.Find(err)
	return &translator.Error{
		Status:    http.StatusBadGateway,
		Kind:      kind,
		Class:     string(found.Class),
		Message:   message,
		Retryable: true,
		Cause:     found,
	}
}

// badAnswer is the error of an answer that cannot be Converse's.
func badAnswer(message string, cause error) *translator.Error {
	return &translator.Error{Status: http.StatusBadGateway, Kind: translator.KindBadAnswer, Message: message, Cause: cause}
}

// emptyAnswer is the error of a 2xx answer without a body, which a failing peer sends.
func emptyAnswer(cause error) *translator.Error {
	e := badAnswer("Bedrock's answer is empty.", cause)
	e.Retryable = true
	return e
}
