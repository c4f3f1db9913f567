package native

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

const contentTypeJSON = "application/json"

// call implements translator.Encoder.
type call struct{ warnings []translator.Warning }

// EncodeReply implements translator.Encoder: Bedrock's reply as it came, once it is known
// to be one of Converse.
func (c *call) EncodeReply(reply []byte, facts translator.Facts) (translator.Response, translator.Summary, error) {
	answer := converse.NewAnswer(converse.Names{})
	if err := answer.ReadReply(reply); err != nil {
		return translator.Response{}, translator.Summary{}, err
	}
	return translator.Response{
		Status: http.StatusOK, ContentType: contentTypeJSON, Headers: c.headers(facts), Body: reply,
	}, c.summary(answer), nil
}

func (c *call) summary(answer *converse.Answer) translator.Summary {
	s := answer.Summary()
	s.Warnings = c.warnings
	return s
}

// headers are those of every answer without an error.
func (c *call) headers(facts translator.Facts) []translator.Header {
	return []translator.Header{
		{Name: "x-amzn-requestid", Value: facts.AWSRequestID},
		converse.WarningsHeader(c.warnings),
	}
}
