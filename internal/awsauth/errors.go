package awsauth

import (
	"fmt"
	"net/http"

	"bedrock-extproc/internal/cause"
	"bedrock-extproc/translator"
)

// A CredentialsError says that the sidecar's own credentials could not be fetched.
// Calls at the same time may share one.
type CredentialsError struct {
	// NotConfigured: nothing says that the sidecar has credentials.
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
	return &translator.Error{
		Status:    http.StatusBadGateway,
		Kind:      translator.KindSidecarCredentials,
		Class:     string(e.Cause.Class),
		Message:   fmt.Sprintf("The sidecar could not get its own AWS credentials: %s.", e.Cause.Sentence()),
		Hint:      "The sidecar's log names the cause; only its operator can fix it.",
		Retryable: e.Cause.Retryable,
		AWSError:  e.Cause.AWSError,
		Cause:     e,
	}
}

// NoCredentials is the error of a call that nobody's credentials can sign.
func NoCredentials(message string) *translator.Error {
	return &translator.Error{
		Status:  http.StatusBadRequest,
		Kind:    translator.KindNoCredentials,
		Class:   string(cause.Credentials),
		Message: message,
		Hint: "Send X-AWS-Access-Key-Id and X-AWS-Secret-Access-Key, or give the sidecar an AWS identity " +
			"and set allow_server_credentials to fallback.",
	}
}
