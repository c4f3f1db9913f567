package converseapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"

	"bedrock-extproc/internal/cause"
	"bedrock-extproc/internal/eventstream"
	"bedrock-extproc/translator"
)

// ErrModelRefuses is wrapped by a model's error that the same request would get again.
var ErrModelRefuses = errors.New("the model refuses the request")

// An awsError is what AWS sends instead of an answer: an error response, or an
// exception inside a stream.
type awsError struct {
	code           string // the exception's name, "" if there was none
	message        string // Bedrock's own, "" if there was none
	status         int    // the HTTP status, 0 inside a stream
	originalStatus int    // the model's own HTTP status, 0 if unknown
	cause          error
}

// errorResponse reads an error response that the SDK has understood.
func errorResponse(e smithy.APIError, status int, cause error) awsError {
	a := awsError{code: e.ErrorCode(), message: e.ErrorMessage(), status: status, cause: cause}
	// The SDK's words for an absent name or message.
	if a.code == "UnknownError" {
		a.code = ""
	}
	if a.message == "UnknownError" {
		a.message = ""
	}
	if m, ok := errors.AsType[*types.ModelErrorException](cause); ok && m.OriginalStatusCode != nil {
		a.originalStatus = int(*m.OriginalStatusCode)
	}
	return a
}

// exceptionName returns the name in an error type. AWS may write a namespace in front
// and a URI behind it: com.amazon.coral.service#Name:http://internal.amazon.com/coral/….
func exceptionName(errorType string) string {
	name, _, _ := strings.Cut(errorType, ":")
	return strings.TrimSpace(name[strings.LastIndexByte(name, '#')+1:])
}

// exception reads an exception frame. Its type is the name of a union's member, such
// as "throttlingException"; the exception's name begins with a capital.
func exception(msg eventstream.Message) awsError {
	var body struct {
		Message            string `json:"message"`
		OriginalStatusCode int    `json:"originalStatusCode"`
		OriginalMessage    string `json:"originalMessage"`
	}
	// Without a readable payload the type alone classifies the exception.
	_ = json.Unmarshal(msg.Payload, &body)
	e := awsError{code: exceptionName(string(msg.ExceptionType)), message: body.Message, originalStatus: body.OriginalStatusCode}
	if e.message == "" {
		e.message = body.OriginalMessage
	}
	if e.code != "" {
		e.code = strings.ToUpper(e.code[:1]) + e.code[1:]
	}
	return e
}

// forClient returns the error for the client. callerSigned says that the caller's
// credentials signed the request; header is the answer's.
func (e awsError) forClient(callerSigned bool, header http.Header) *translator.Error {
	e.code, e.message = translator.Clip(e.code, maxErrorName), translator.Clip(e.message, maxMessage)
	out := translator.NewError(e.kind(callerSigned), e.message)
	out.Hint, out.AWSError, out.Cause = e.hint(out.Kind), e.code, e.cause
	out.UnknownModel = e.unknownModel(out.Kind)
	if out.Kind == translator.KindModel && e.modelErrorRepeats() {
		out.Cause = errors.Join(ErrModelRefuses, e.cause)
	}
	if out.Retryable {
		out.RetryAfter = cmp.Or(wholeSeconds(retryAfter(header)), out.RetryAfter)
	}
	switch {
	case out.Kind == translator.KindCallerCredentials:
		e.rejected(out, "AWS rejected the credentials in the request.")
	case out.Kind == translator.KindSidecarCredentials:
		e.rejected(out, "AWS rejected the sidecar's own credentials.")
	case e.message == "" && e.code != "":
		out.Message = fmt.Sprintf("Bedrock answered with %s and no message.", e.code)
	case e.message == "":
		out.Message = fmt.Sprintf("Bedrock answered with HTTP status %d and no readable error.", e.status)
	}
	return out
}

// rejected makes out the error of credentials that Bedrock rejects. AWS's own message
// can quote the signed request.
func (e awsError) rejected(out *translator.Error, message string) {
	out.Message, out.Class = message, string(cause.Credentials)
	out.Cause = &cause.Error{Step: cause.Rejected, AWSError: e.code, Detail: cause.Clean(message + " " + e.code), Err: e.cause}
}
