package anthropic

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// CountPath counts the tokens of a request.
const CountPath = MessagesPath + "/count_tokens"

// counts reports whether a route counts tokens.
func counts(pattern string) bool { return pattern == CountPath || pattern == bedrockPrefix+CountPath }

// newCount is the call that counts the tokens of a request. No guardrail takes part in it.
func newCount(sent []byte, c *call) *translator.Call {
	return &translator.Call{Model: c.model, Body: sent, CountTokens: true, CountBase: true, Warnings: c.warnings, Encoder: &count{c}}
}

// count implements translator.Encoder for CountTokens, which has no stream. No model works,
// so there is no usage.
type count struct{ *call }

// EncodeReply implements translator.Encoder.
func (c *count) EncodeReply(reply []byte, facts translator.Facts) (translator.Response, translator.Summary, error) {
	tokens, err := converse.ReadCount(reply)
	if err != nil {
		return translator.Response{}, translator.Summary{}, err
	}
	bedrock := rawjson.NewWriter(256)
	converse.NewAnswer(c.names).WriteMetadata(bedrock, facts, c.warnings)
	w := rawjson.NewWriter(384)
	w.Member("input_tokens", tokens)
	w.Member("bedrock", bedrock.End())
	return translator.Response{Status: http.StatusOK, ContentType: contentTypeJSON, Headers: c.headers(facts), Body: w.End()}, translator.Summary{Warnings: c.warnings}, nil
}
