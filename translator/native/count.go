package native

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// count implements translator.Encoder for CountTokens, which has no stream. No model works,
// so there is no usage.
type count struct{ call }

// EncodeReply implements translator.Encoder.
func (c *count) EncodeReply(reply []byte, facts translator.Facts) (translator.Response, translator.Summary, error) {
	if _, err := converse.ReadCount(reply); err != nil {
		return translator.Response{}, translator.Summary{}, err
	}
	return translator.Response{Status: http.StatusOK, ContentType: contentTypeJSON, Headers: c.headers(facts), Body: reply}, translator.Summary{}, nil
}
