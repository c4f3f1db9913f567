package native

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// count implements translator.Encoder for CountTokens, which has no stream. No model works,
// so there is no usage.
type count struct{ call }

// EncodeReply implements translator.Encoder.
func (c *count) EncodeReply(reply []byte, facts translator.Facts) (translator.Response, translator.Summary, error) {
	err := rawjson.Check(reply)
	if err == nil && rawjson.Kind(rawjson.Members(reply).Get("inputTokens")) != '0' {
		err = rawjson.ErrNotObject
	}
	if err != nil {
		return translator.Response{}, translator.Summary{}, translator.ErrBadAnswer(translator.AnswerUsage, err)
	}
	return translator.Response{Status: http.StatusOK, ContentType: contentTypeJSON, Headers: c.headers(facts), Body: reply}, translator.Summary{}, nil
}
