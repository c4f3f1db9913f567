package native

import (
	"cmp"
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// An exception is how AWS's SDKs know a kind of error. The names and statuses are those of
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
// and, for errors before the call, of AWS's common errors.
//
// SDKs repeat 500, 502, 503 and 504, and 429, by themselves. Where a model may have done its
// work, the exception is therefore one that they do not repeat.
type exception struct {
	name   string
	status int
	// streamed is the member of the stream's union that ends a stream with this error.
	streamed string
}

// The members of ConverseStreamOutput that are errors.
const (
	streamInternal    = "internalServerException"
	streamModel       = "modelStreamErrorException"
	streamUnavailable = "serviceUnavailableException"
	streamThrottling  = "throttlingException"
	streamValidation  = "validationException"
)

var exceptions = map[translator.Kind]exception{
	translator.KindUnknownPath:        {"UnknownOperationException", http.StatusNotFound, streamValidation},
	translator.KindMethodNotAllowed:   {"UnknownOperationException", http.StatusMethodNotAllowed, streamValidation},
	translator.KindTooLarge:           {"ValidationException", http.StatusBadRequest, streamValidation},
	translator.KindUploadTimeout:      {"RequestTimeoutException", http.StatusRequestTimeout, streamValidation},
	translator.KindEncoding:           {"ValidationException", http.StatusUnsupportedMediaType, streamValidation},
	translator.KindMalformed:          {"SerializationException", http.StatusBadRequest, streamValidation},
	translator.KindInvalid:            {"ValidationException", http.StatusBadRequest, streamValidation},
	translator.KindUnknownBackend:     {"ValidationException", http.StatusBadRequest, streamValidation},
	translator.KindUnsupportedMode:    {"InternalServerException", http.StatusInternalServerError, streamInternal},
	translator.KindRoute:              {"InternalServerException", http.StatusInternalServerError, streamInternal},
	translator.KindMissingIdentity:    {"UnrecognizedClientException", http.StatusForbidden, streamValidation},
	translator.KindNotPermitted:       {"AccessDeniedException", http.StatusForbidden, streamValidation},
	translator.KindDraining:           {"ServiceUnavailableException", http.StatusServiceUnavailable, streamUnavailable},
	translator.KindOverloaded:         {"ServiceUnavailableException", http.StatusServiceUnavailable, streamUnavailable},
	translator.KindNoCredentials:      {"MissingAuthenticationTokenException", http.StatusForbidden, streamValidation},
	translator.KindCallerCredentials:  {"UnrecognizedClientException", http.StatusForbidden, streamValidation},
	translator.KindSidecarCredentials: {"InternalServerException", http.StatusBadGateway, streamInternal},
	translator.KindConnection:         {"ServiceUnavailableException", http.StatusServiceUnavailable, streamUnavailable},
	translator.KindValidation:         {"ValidationException", http.StatusBadRequest, streamValidation},
	translator.KindAccessDenied:       {"AccessDeniedException", http.StatusForbidden, streamValidation},
	translator.KindNotFound:           {"ResourceNotFoundException", http.StatusNotFound, streamValidation},
	translator.KindThrottled:          {"ThrottlingException", http.StatusTooManyRequests, streamThrottling},
	translator.KindQuota:              {"ServiceQuotaExceededException", http.StatusBadRequest, streamThrottling},
	translator.KindNotReady:           {"ModelNotReadyException", http.StatusTooManyRequests, streamUnavailable},
	translator.KindUnavailable:        {"ServiceUnavailableException", http.StatusServiceUnavailable, streamUnavailable},
	translator.KindModel:              {"ModelErrorException", http.StatusFailedDependency, streamModel},
	translator.KindInternalServer:     {"InternalServerException", http.StatusInternalServerError, streamInternal},
	translator.KindTimeout:            {"ModelTimeoutException", http.StatusRequestTimeout, streamModel},
	translator.KindBadAnswer:          {"ModelErrorException", http.StatusFailedDependency, streamInternal},
	translator.KindAnswerTooLarge:     {"ModelErrorException", http.StatusFailedDependency, streamModel},
	translator.KindTruncated:          {"ModelErrorException", http.StatusFailedDependency, streamInternal},
	translator.KindInternal:           {"InternalServerException", http.StatusInternalServerError, streamInternal},
}

// exceptionOf returns the exception for an error.
func exceptionOf(e *translator.Error) exception {
	x, known := exceptions[e.Kind]
	if !known {
		return exception{"InternalServerException", e.Status, streamInternal}
	}
	if e.Kind == translator.KindCallerCredentials {
		x.name = cmp.Or(e.AWSError, x.name) // SDKs tell expired keys from wrong ones
	}
	return x
}

// EncodeError implements translator.Dialect.
func (*Dialect) EncodeError(e *translator.Error) translator.Response {
	x := exceptionOf(e)
	return translator.Response{
		Status: x.status, ContentType: contentTypeJSON, Body: errorBody(e),
		Headers: []translator.Header{
			{Name: "x-amzn-errortype", Value: x.name},
			{Name: "x-amzn-requestid", Value: cmp.Or(e.Facts.AWSRequestID, e.Facts.RequestID)},
		},
	}
}

// errorBody has AWS's message. Errors of the sidecar say in it where and how to help,
// because SDKs show nothing else. The member bedrock, which they ignore, has the rest.
func errorBody(e *translator.Error) []byte {
	message := e.Message
	if e.AWSError == "" {
		message = sentence(e)
	}
	facts := rawjson.NewWriter(256)
	facts.Text("type", string(e.Kind))
	facts.Bool("retryable", e.Retryable)
	facts.Optional("class", e.Class)
	facts.Optional("aws_error", e.AWSError)
	facts.Optional("path", e.Path)
	facts.Optional("hint", e.Hint)
	w := rawjson.NewWriter(512)
	w.Text("message", message)
	w.Member("bedrock", facts.End())
	return w.End()
}

// sentence is a message with the path before it, and the hint behind it.
func sentence(e *translator.Error) string {
	text := e.Message
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	hint := e.Hint
	if e.Kind == translator.KindUnknownPath {
		hint = "Of Bedrock's API, Converse, ConverseStream and CountTokens are served. Claude Code calls other operations unless ANTHROPIC_BASE_URL is set instead of CLAUDE_CODE_USE_BEDROCK."
	}
	if hint != "" {
		text += " " + hint
	}
	return text
}
