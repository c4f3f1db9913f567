package responses

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

// EncodeReply implements translator.Encoder.
func (c *call) EncodeReply(reply []byte, facts translator.Facts) (translator.Response, translator.Summary, error) {
	answer := converse.NewAnswer(c.names)
	if err := answer.ReadReply(reply); err != nil {
		return translator.Response{}, translator.Summary{}, err
	}
	id, _ := openaiapi.AnswerID(facts)
	body := c.encodeResponse(answer, facts, c.items(answer.Blocks, id), nil)
	return translator.Response{Status: http.StatusOK, ContentType: openaiapi.ContentTypeJSON, Headers: []translator.Header{converse.WarningsHeader(c.warnings)}, Body: body}, c.summary(answer), nil
}

// encodeResponse encodes a complete answer. unknown are the events of a stream that nobody
// understood.
func (c *call) encodeResponse(answer *converse.Answer, facts translator.Facts, output []item, unknown []rawjson.Value) rawjson.Value {
	state, reason := status(answer)
	w := c.newResponse(facts, state, output, answer.Blocks)
	w.Member("error", []byte("null"))
	if reason == "" {
		w.Member("incomplete_details", []byte("null"))
	} else {
		w.Member("incomplete_details", rawjson.Wrap("reason", rawjson.Quote(reason)))
	}
	w.Member("usage", encodeUsage(answer))
	w.Member("service_tier", openaiapi.ServiceTier(answer))
	w.Begin("bedrock", '{')
	openaiapi.WriteBedrock(w, answer, facts, c.warnings, unknown)
	w.Close('}')
	return w.End()
}

// newResponse starts a response in any state, with the items that have ended. The caller
// adds error, incomplete_details, usage and what is known only at the end.
func (c *call) newResponse(facts translator.Facts, state string, output []item, blocks []converse.AnswerBlock) *rawjson.Writer {
	size := 1024
	for i := range blocks {
		size += len(blocks[i].Value) + 256
	}
	w := rawjson.NewWriter(size)
	id, created := openaiapi.AnswerID(facts)
	w.Text("id", "resp_"+id)
	w.Text("object", "response")
	w.Int("created_at", created)
	w.Text("status", state)
	w.Text("model", c.model)
	w.Begin("output", '[')
	for i := range output {
		w.Element()
		c.writeItem(w, &output[i], blocks)
		w.Close('}')
	}
	w.Close(']')
	w.Bool("background", false)
	w.Member("instructions", []byte("null"))
	w.Bool("parallel_tool_calls", true)
	w.Member("previous_response_id", []byte("null"))
	w.Bool("store", false)
	w.Member("tools", []byte("[]"))
	w.Text("truncation", "disabled")
	for _, m := range c.repeated {
		w.Member(m.Name, m.Value)
	}
	return w
}

// encodeUsage is null if Bedrock sent no counts. OpenAI's input_tokens include cached
// ones, Bedrock's inputTokens do not. Converse does not count the tokens of thoughts apart.
func encodeUsage(answer *converse.Answer) rawjson.Value {
	if answer.Usage == nil {
		return rawjson.Value("null")
	}
	s := answer.Summary()
	input := int(s.InputTokens + s.CacheReadTokens + s.CacheWriteTokens)
	cached := rawjson.NewWriter(64)
	cached.Int("cached_tokens", int(s.CacheReadTokens))
	cached.Int("cache_write_tokens", int(s.CacheWriteTokens))
	w := rawjson.NewWriter(224)
	w.Int("input_tokens", input)
	w.Member("input_tokens_details", cached.End())
	w.Int("output_tokens", int(s.OutputTokens))
	w.Member("output_tokens_details", []byte(`{"reasoning_tokens":0}`))
	w.Int("total_tokens", input+int(s.OutputTokens))
	return w.End()
}
