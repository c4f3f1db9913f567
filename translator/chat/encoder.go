package chat

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/sse"
)

const (
	contentTypeJSON = "application/json"
	contentTypeSSE  = "text/event-stream"
)

// StreamHeaders implements translator.Encoder.
func (*call) StreamHeaders(translator.Facts) []translator.Header {
	return []translator.Header{{Name: "content-type", Value: contentTypeSSE}}
}

// AppendKeepAlive implements translator.Encoder: an SSE comment.
func (*call) AppendKeepAlive(dst []byte) []byte { return append(dst, sse.KeepAlive...) }
