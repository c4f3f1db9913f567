package extproc

import (
	"math"
	"strconv"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"bedrock-extproc/translator"
)

// maxHeaderValue bounds what is echoed into a response header.
const maxHeaderValue = 512

// headers are the response headers of an answer. e adds those of its status; nil
// adds none.
func (r *replier) headers(answer *translator.Response, e *translator.Error) []*corev3.HeaderValue {
	f := &r.outcome.Facts
	list := make([]*corev3.HeaderValue, 0, 12)
	list = appendHeader(list, "content-type", answer.ContentType)
	for _, h := range answer.Headers {
		list = appendHeader(list, h.Name, h.Value)
	}
	list = appendHeader(list, "x-request-id", r.req.requestID)
	list = appendHeader(list, "x-correlation-id", r.req.correlationID)
	list = appendHeader(list, "x-bedrock-backend", f.Backend)
	list = appendHeader(list, "x-bedrock-region", f.Region)
	list = appendHeader(list, "x-bedrock-request-id", f.AWSRequestID)
	if f.Attempts > 0 {
		list = appendHeader(list, "x-bedrock-attempts", strconv.Itoa(f.Attempts))
	}
	if e != nil {
		list = appendHeader(list, "allow", e.Allow)
		if e.RetryAfter > 0 {
			seconds := int(math.Ceil(e.RetryAfter.Seconds()))
			list = appendHeader(list, "retry-after", strconv.Itoa(seconds))
		}
	}
	return list
}

// appendHeader skips a value that is empty or not legal: Envoy fails a whole
// response over one bad byte.
func appendHeader(list []*corev3.HeaderValue, key, value string) []*corev3.HeaderValue {
	if !validHeaderValue(value) {
		return list
	}
	return append(list, &corev3.HeaderValue{Key: key, RawValue: []byte(value)})
}

// validHeaderValue reports whether value is printable ASCII, neither empty nor too
// long.
func validHeaderValue(value string) bool {
	if value == "" || len(value) > maxHeaderValue {
		return false
	}
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return true
}

// continueHeaders lets Envoy continue in BUFFERED mode, in which it waits for this.
func continueHeaders() *extprocv3.ProcessingResponse {
	return &extprocv3.ProcessingResponse{
		Response: &extprocv3.ProcessingResponse_RequestHeaders{RequestHeaders: &extprocv3.HeadersResponse{}},
	}
}

func streamedHeaders(status, length int, headers []*corev3.HeaderValue) *extprocv3.ProcessingResponse {
	all := make([]*corev3.HeaderValue, 0, len(headers)+2)
	all = append(all, &corev3.HeaderValue{Key: ":status", RawValue: strconv.AppendInt(nil, int64(status), 10)})
	all = append(all, headers...)
	if length >= 0 {
		all = append(all, &corev3.HeaderValue{Key: "content-length", RawValue: strconv.AppendInt(nil, int64(length), 10)})
	}
	return streamedResponse(&extprocv3.StreamedImmediateResponse{
		Response: &extprocv3.StreamedImmediateResponse_HeadersResponse{
			HeadersResponse: &extprocv3.HttpHeaders{Headers: &corev3.HeaderMap{Headers: all}},
		},
	})
}

func streamedBody(body []byte, last bool) *extprocv3.ProcessingResponse {
	return streamedResponse(&extprocv3.StreamedImmediateResponse{
		Response: &extprocv3.StreamedImmediateResponse_BodyResponse{
			BodyResponse: &extprocv3.StreamedBodyResponse{Body: body, EndOfStream: last},
		},
	})
}

func streamedResponse(r *extprocv3.StreamedImmediateResponse) *extprocv3.ProcessingResponse {
	return &extprocv3.ProcessingResponse{
		Response: &extprocv3.ProcessingResponse_StreamedImmediateResponse{StreamedImmediateResponse: r},
	}
}
