package awsauth

import (
	"fmt"

	"bedrock-extproc/internal/cause"
	"bedrock-extproc/translator"
)

// A CredentialsError says that the sidecar's own credentials could not be fetched.
// Calls at the same time may share one.
type CredentialsError struct {
	// NotConfigured says that no credentials are configured for the sidecar.
	NotConfigured bool
	// Cause is the step that failed.
	Cause *cause.Error
}

func (e *CredentialsError) Error() string {
	return "the sidecar's own credentials: " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *CredentialsError) Unwrap() error { return e.Cause }

// ForClient returns a new error for the client, with e as its cause.
func (e *CredentialsError) ForClient() *translator.Error {
	if e.NotConfigured {
		missing := NoCredentials("The request has no AWS credentials, and the sidecar has none of its own.")
		missing.Cause = e
		return missing
	}
	out := translator.NewError(translator.KindSidecarCredentials, fmt.Sprintf("The sidecar could not get its own AWS credentials: %s.", e.Cause.Sentence()))
	out.Hint = "The sidecar's log names the cause; only its operator can fix it."
	out.Class, out.AWSError, out.Retryable, out.Cause = string(e.Cause.Class), e.Cause.AWSError, e.Cause.Retryable, e
	return out
}

// NoCredentials is the error of a call that no credentials can sign.
func NoCredentials(message string) *translator.Error {
	e := translator.NewError(translator.KindNoCredentials, message)
	e.Class = string(cause.Credentials)
	e.Hint = "Send X-AWS-Access-Key-Id and X-AWS-Secret-Access-Key, or give the sidecar an AWS identity " +
		"and set allow_server_credentials to fallback."
	return e
}
