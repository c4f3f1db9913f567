package fakebedrock

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Exception is an error of the service, sent as a response or inside a stream.
type Exception struct {
	Name    string // as in x-amzn-ErrorType, such as ThrottlingException
	Message string
	Status  int // of the HTTP response, if not inside a stream

	// Members of the model exceptions.
	OriginalStatusCode int
	OriginalMessage    string
	ResourceName       string

	front bool // from the layer before the service, which writes "Message"
}

// exceptions are the service's exceptions with this package's own messages. The last
// group is the common errors of the API reference.
var exceptions = []Exception{
	{Name: "AccessDeniedException", Status: 403, Message: "You don't have access to the model with the specified model ID."},
	{Name: "ConflictException", Status: 400, Message: "The request conflicts with an operation that is under way."},
	{Name: "InternalServerException", Status: 500, Message: "The system encountered an unexpected error during processing. Try your request again."},
	{Name: "ModelErrorException", Status: 424, Message: "The model encountered an error while processing the request. Try your request again.", OriginalStatusCode: 500, ResourceName: "fake-model"},
	{Name: "ModelNotReadyException", Status: 429, Message: "The model is not ready for inference yet. Wait and try your request again."},
	{Name: "ModelStreamErrorException", Status: 424, Message: "The model encountered an error while streaming its answer.", OriginalStatusCode: 500, OriginalMessage: "The stream broke inside the model."},
	{Name: "ModelTimeoutException", Status: 408, Message: "The model took too long to process the request. Try your request again."},
	{Name: "ResourceNotFoundException", Status: 404, Message: "The specified resource ARN was not found. Check the ARN and try your request again."},
	{Name: "ServiceQuotaExceededException", Status: 400, Message: "The request exceeds a service quota for your account."},
	{Name: "ServiceUnavailableException", Status: 503, Message: "Bedrock is unable to process your request."},
	{Name: "ThrottlingException", Status: 429, Message: "Too many requests, please wait before trying again."},
	{Name: "ValidationException", Status: 400, Message: "The request is not valid. Fix it and try again."},

	{Name: "ExpiredTokenException", Status: 403, Message: "The security token included in the request is expired", front: true},
	{Name: "FTUFormNotFilled", Status: 404, Message: "Model use case details have not been submitted for this account. Fill out the use case details form before using the model.", front: true},
	{Name: "IncompleteSignatureException", Status: 400, Message: "The Authorization header is not complete.", front: true},
	{Name: "InvalidSignatureException", Status: 403, Message: "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.", front: true},
	{Name: "MissingAuthenticationTokenException", Status: 403, Message: "Missing Authentication Token", front: true},
	{Name: "RequestEntityTooLargeException", Status: 413, Message: "Request size exceeded the limit.", front: true},
	{Name: "SerializationException", Status: 400, Message: "The body cannot be read.", front: true},
	{Name: "UnknownOperationException", Status: 404, Message: "There is no such operation.", front: true},
	{Name: "UnrecognizedClientException", Status: 403, Message: "The security token included in the request is invalid.", front: true},
}

// NewException returns the exception of that name, with its default message if message
// is "". Case and the ending "Exception" do not matter: "throttling" is
// ThrottlingException. ok is false for an unknown name.
func NewException(name, message string) (e *Exception, ok bool) {
	for _, known := range exceptions {
		if shortName(known.Name) == shortName(name) {
			e := known
			if message != "" {
				e.Message = message
			}
			return &e, true
		}
	}
	return nil, false
}

func shortName(name string) string {
	short := strings.TrimSuffix(strings.ToLower(name), "exception")
	if short == "throttle" {
		return "throttling"
	}
	return short
}

// Throttling returns a ThrottlingException.
func Throttling() *Exception { return exceptionNamed("ThrottlingException", "") }

// exceptionNamed is NewException for names in the table above.
func exceptionNamed(name, message string) *Exception {
	if e, ok := NewException(name, message); ok {
		return e
	}
	return &Exception{Name: name, Message: message, Status: http.StatusInternalServerError}
}

// errorType is the value of the x-amzn-ErrorType header.
func (e *Exception) errorType() string {
	namespace := "com.amazon.bedrock/"
	if e.front {
		namespace = "com.amazon.coral.service/"
	}
	return e.Name + ":http://internal.amazon.com/coral/" + namespace
}

// member is the exception's :exception-type in an event stream.
func (e *Exception) member() string {
	return strings.ToLower(e.Name[:min(1, len(e.Name))]) + e.Name[min(1, len(e.Name)):]
}

func (e *Exception) payload() map[string]any {
	m := map[string]any{"message": e.Message}
	if e.front {
		m = map[string]any{"Message": e.Message}
	}
	if e.OriginalStatusCode != 0 {
		m["originalStatusCode"] = e.OriginalStatusCode
	}
	if e.OriginalMessage != "" {
		m["originalMessage"] = e.OriginalMessage
	}
	if e.ResourceName != "" {
		m["resourceName"] = e.ResourceName
	}
	return m
}

// write sends the exception as a response.
func (e *Exception) write(w http.ResponseWriter) error {
	body, err := json.Marshal(e.payload())
	if err != nil {
		body = []byte(`{}`)
	}
	w.Header()["x-amzn-ErrorType"] = []string{e.errorType()}
	return writeJSON(w, e.Status, body)
}
