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

// headers are the response headers of every answer. e adds what its status asks
// for; nil adds nothing.
func (r *replier) headers(contentType string, e *translator.Error) []*corev3.HeaderValue {
	f := &r.outcome.Facts
	list := make([]*corev3.HeaderValue, 0, 12)
	list = appendHeader(list, "content-type", contentType)
	list = appendHeader(list, "x-request-id", r.req.requestID)
	list = appendHeader(list, "x-correlation-id", r.req.correlationID)
	list = appendHeader(list, "x-bedrock-backend", f.Backend)
	list = appendHeader(list, "x-bedrock-region", f.Region)
	list = appendHeader(list, "x-bedrock-request-id", f.AWSRequestID)
	if f.Attempts > 0 {
		list = appendHeader(list, "x-bedrock-attempts", strconv.Itoa(f.Attempts))
	}
	if contentType == contentTypeSSE {
		// Proxies on the way may neither hold back, store nor recompress events.
		list = appendHeader(list, "cache-control", "no-cache, no-transform")
		list = appendHeader(list, "x-accel-buffering", "no")
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

// appendHeader skips what is empty or would not be a legal header value: Envoy
// fails a whole response over one bad byte.
func appendHeader(list []*corev3.HeaderValue, key, value string) []*corev3.HeaderValue {
	if !echoable(value) {
		return list
	}
	return append(list, &corev3.HeaderValue{Key: key, RawValue: []byte(value)})
}

// echoable reports whether value may stand in a response header: printable
// ASCII, neither empty nor long.
func echoable(value string) bool {
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

// continueHeaders lets Envoy go on in BUFFERED mode, where it waits for it.
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
