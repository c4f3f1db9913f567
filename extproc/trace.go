package extproc

import (
	"google.golang.org/grpc/metadata"
)

// maxTraceState bounds tracestate, in bytes: W3C asks to propagate at least 512.
const maxTraceState = 512

// traceContext returns the W3C trace context of the request. An Envoy that traces sends
// the context of its own span as gRPC metadata. Otherwise the client's headers count, as
// Envoy passed them on.
func (x *exchange) traceContext() (parent, state string) {
	md, _ := metadata.FromIncomingContext(x.stream.Context())
	if list := md.Get("traceparent"); len(list) > 0 {
		parent = list[0]
		if list := md.Get("tracestate"); len(list) > 0 {
			state = list[0]
		}
	} else {
		parent, state = x.req.header("traceparent"), x.req.header("tracestate")
	}
	if !validHeaderValue(parent) {
		return "", ""
	}
	if len(state) > maxTraceState || !validHeaderValue(state) {
		return parent, ""
	}
	return parent, state
}
