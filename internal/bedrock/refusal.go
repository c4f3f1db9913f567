package bedrock

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"
	"github.com/aws/smithy-go"

	"bedrock-extproc/internal/eventstream"
	"bedrock-extproc/translator"
)

// defaultRetryAfter is advised where Bedrock asks for patience without a number.
const defaultRetryAfter = time.Second

// A refusal is what Bedrock said when it did not answer: an error response, or an
// exception inside a stream.
type refusal struct {
	// code is the exception's name, "" when there was none.
	code string
	// message is Bedrock's own, "" when there was none.
	message string
	// status is the HTTP status, 0 inside a stream.
	status int
	// originalStatus is the model's own HTTP status, 0 when unknown.
	originalStatus int
	cause          error
}

// refused reads an error response that the SDK has understood.
func refused(e smithy.APIError, status int, cause error) refusal {
	r := refusal{code: e.ErrorCode(), message: e.ErrorMessage(), status: status, cause: cause}
	// What the SDK says when it found nothing.
	if r.code == "UnknownError" {
		r.code = ""
	}
	if r.message == "UnknownError" {
		r.message = ""
	}
	if m, ok := errors.AsType[*types.ModelErrorException](cause); ok && m.OriginalStatusCode != nil {
		r.originalStatus = int(*m.OriginalStatusCode)
	}
	return r
}

// exception reads an exception frame. Its type is the name of a union's member,
// "throttlingException", which is brought back to the exception's.
func exception(msg eventstream.Message) refusal {
	var body struct {
		Message            string `json:"message"`
		OriginalStatusCode int    `json:"originalStatusCode"`
		OriginalMessage    string `json:"originalMessage"`
	}
	// A payload that is no JSON leaves the type, which says enough.
	_ = json.Unmarshal(msg.Payload, &body)
	r := refusal{code: string(msg.ExceptionType), message: body.Message, originalStatus: body.OriginalStatusCode}
	if r.message == "" {
		r.message = body.OriginalMessage
	}
	if r.code != "" {
		r.code = strings.ToUpper(r.code[:1]) + r.code[1:]
	}
	return r
}

// describe says it to the client.
func (r refusal) describe(x *exchange) *translator.Error {
	o := r.outcome(x.caller.HasKeys())
	e := &translator.Error{
		Status:    o.status,
		Kind:      o.kind,
		Message:   r.message,
		Hint:      r.hint(o.kind),
		Retryable: o.retryable,
		AWSError:  r.code,
		Facts:     x.facts,
		Cause:     r.cause,
	}
	if e.Retryable {
		e.RetryAfter = retryAfter(x.header, o.status)
	}
	switch {
	case o.kind == translator.KindCallerCredentials:
		// AWS's own text can quote the signed request.
		e.Message = "AWS refused the credentials that the request carries."
	case o.kind == translator.KindSidecarCredentials:
		e.Message = "AWS refused the sidecar's own credentials."
	case e.Message == "" && r.code != "":
		e.Message = fmt.Sprintf("Bedrock answered with %s and no message.", r.code)
	case e.Message == "":
		e.Message = fmt.Sprintf("Bedrock answered with HTTP status %d and no error that can be read.", r.status)
	}
	return e
}

// retryAfter is what the answer's headers advise, or the default where the status
// promises an advice. It is in whole seconds, rounded up.
func retryAfter(h http.Header, status int) time.Duration {
	if d := advice(h); d > 0 {
		return (d + time.Second - 1).Truncate(time.Second)
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		return defaultRetryAfter
	}
	return 0
}
