package chat

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/sse"
)

const (
	contentTypeJSON = "application/json"
	contentTypeSSE  = "text/event-stream"
)

// EncodeReply implements translator.Encoder.
func (c *call) EncodeReply(reply []byte, facts translator.Facts) (translator.Response, translator.Summary, error) {
	body, summary, err := c.encodeReply(reply, facts)
	return translator.Response{Status: http.StatusOK, ContentType: contentTypeJSON, Body: body}, summary, err
}

// StreamHeaders implements translator.Encoder.
func (*call) StreamHeaders(translator.Facts) []translator.Header {
	return []translator.Header{{Name: "content-type", Value: contentTypeSSE}}
}

// AppendKeepAlive implements translator.Encoder: an SSE comment.
func (*call) AppendKeepAlive(dst []byte) []byte { return append(dst, sse.KeepAlive...) }
