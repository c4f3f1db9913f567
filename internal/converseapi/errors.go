package converseapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

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
		return a.awsError(awsError{code: exceptionName(a.header.Get("X-Amzn-Errortype")), status: a.status, cause: err})
	}
	if e, ok := errors.AsType[interface {
		error
		ConnectionError() bool
	}](err); ok && e.ConnectionError() {
		return cannotConnect(a.request.Region, err)
	}
	e := translator.NewError(translator.KindInternal, "The sidecar could not make the call to Bedrock; its log names the cause.")
	e.Cause = err
	return e
}

// awsError returns the client's error for an error of AWS.
func (a *attempt) awsError(e awsError) *translator.Error {
	return e.forClient(a.request.Principal.IsCaller(), a.header)
}

// cannotConnect is the error of a call that did not get to Bedrock.
func cannotConnect(region string, err error) *translator.Error {
	found := cause.Find(err)
	e := translator.NewError(translator.KindConnection, fmt.Sprintf("The sidecar could not connect to Bedrock in region %s: %s.", region, found.Text))
	e.Class, e.Hint, e.Retryable, e.Cause = string(found.Class), found.Fix, found.Retryable, found
	if !e.Retryable {
		e.RetryAfter = 0
	}
	return e
}

// cut adds what is known of a connection that ended in the middle of an answer.
func cut(e *translator.Error) *translator.Error {
	found := cause.Find(e.Cause)
	e.Class, e.Cause = string(found.Class), found
	return e
}
