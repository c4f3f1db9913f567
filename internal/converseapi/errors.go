package converseapi

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/aws/smithy-go"

	"bedrock-extproc/internal/awsauth"
	"bedrock-extproc/translator"
)

// clientError turns the error of a failed attempt into one for the client. If ctx has
// ended, its cause is the error.
func (a *attempt) clientError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return EndError(cause)
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

func cannotConnect(region string, err error) *translator.Error {
	message := fmt.Sprintf("The sidecar could not connect to Bedrock in region %s.", region)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		message = fmt.Sprintf("Connecting to Bedrock in region %s took longer than the sidecar's limit.", region)
	}
	e := translator.NewError(translator.KindConnection, message)
	e.Hint = "Check that the region exists and offers Bedrock, and that the sidecar can reach its endpoint."
	e.Cause = err
	return e
}
