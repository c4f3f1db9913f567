package openai

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
	message, calls := c.encodeMessage(answer, len(reply))
	choices := append(make(rawjson.Value, 0, len(message)+96), `[{"index":0,"message":`...)
	choices = append(append(choices, message...), `,"logprobs":null,"finish_reason":"`...)
	choices = append(append(choices, finishReason(answer, calls)...), `"}]`...)
	w := c.newObject("chat.completion", facts, len(choices)+1024)
	w.Member("choices", choices)
	w.Member("usage", encodeUsage(answer))
	w.Member("service_tier", openaiapi.ServiceTier(answer))
	w.Begin("bedrock", '{')
	openaiapi.WriteBedrock(w, answer, facts, c.warnings, nil)
	w.Close('}')
	return translator.Response{Status: http.StatusOK, ContentType: openaiapi.ContentTypeJSON, Headers: []translator.Header{converse.WarningsHeader(c.warnings)}, Body: w.End()}, c.summary(answer), nil
}

// newObject starts a completion or a chunk.
func (c *call) newObject(kind string, facts translator.Facts, size int) *rawjson.Writer {
	w := rawjson.NewWriter(size)
	id, created := openaiapi.AnswerID(facts)
	w.Text("id", "chatcmpl-"+id)
	w.Text("object", kind)
	w.Int("created", created)
	w.Text("model", c.model)
	return w
}

// encodeMessage returns the assistant's message, and the number of tool calls in it.
func (c *call) encodeMessage(answer *converse.Answer, size int) (message rawjson.Value, calls int) {
	text := append(make(rawjson.Value, 0, size), '"')
	var reasoning, thoughts, notes, toolCalls []rawjson.Value
	length := 0 // of the text, in characters
	for i := range answer.Blocks {
		b := &answer.Blocks[i]
		if len(b.Text) > 0 {
			text = append(text, b.Text[1:len(b.Text)-1]...)
		}
		if piece, thought := readThought(b); thought != nil {
			reasoning, thoughts = append(reasoning, piece), append(thoughts, thought.End())
		}
		for _, note := range annotations(b, length) {
			notes = append(notes, note.End())
		}
		length += openaiapi.Characters(b.Text)
		if b.Call != nil {
			toolCalls = append(toolCalls, c.encodeCall(b.Call))
		}
	}
	if c.withheld != nil && toolCalls != nil {
		c.warnings = converse.Withhold(c.warnings, c.withheld)
		toolCalls = nil
	}
	text = append(text, '"')
	if len(text) == 2 && toolCalls != nil {
		text = nil
	}
	w := rawjson.NewWriter(len(text) + 256)
	w.Text("role", "assistant")
	w.Member("content", rawjson.OrNull(text))
	w.Member("refusal", []byte("null"))
	w.Member("reasoning_content", joined(reasoning))
	w.Member("thinking_blocks", rawjson.Array(thoughts))
	w.Member("annotations", rawjson.Array(notes))
	w.Member("tool_calls", rawjson.Array(toolCalls))
	return w.End(), len(toolCalls)
}

// encodeCall returns a complete tool call.
func (c *call) encodeCall(call *converse.ToolCall) rawjson.Value {
	w := rawjson.NewWriter(len(call.Input) + 160)
	w.Member("id", rawjson.OrNull(call.ID))
	kind, input, text := "function", "arguments", rawjson.Value(nil)
	if c.custom[call.Name] {
		kind, input, text = "custom", "input", openaiapi.CustomText(call)
	} else {
		text = openaiapi.Arguments(call)
	}
	called := rawjson.NewWriter(len(text) + 64)
	called.Text("name", call.Name)
	called.Member(input, text)
	w.Text("type", kind)
	w.Member(kind, called.End())
	return w.End()
}

// joined joins JSON strings, nil for none.
func joined(pieces []rawjson.Value) rawjson.Value {
	if len(pieces) == 0 {
		return nil
	}
	text := rawjson.Value(`"`)
	for _, p := range pieces {
		text = append(text, p[1:len(p)-1]...)
	}
	return append(text, '"')
}

// encodeUsage is absent if Bedrock sent no counts. OpenAI's prompt_tokens include cached
// ones, Bedrock's inputTokens do not.
func encodeUsage(answer *converse.Answer) rawjson.Value {
	if answer.Usage == nil {
		return nil
	}
	s := answer.Summary()
	prompt := int(s.InputTokens + s.CacheReadTokens + s.CacheWriteTokens)
	w := rawjson.NewWriter(192)
	w.Int("prompt_tokens", prompt)
	w.Int("completion_tokens", int(s.OutputTokens))
	w.Int("total_tokens", prompt+int(s.OutputTokens))
	if answer.Usage.CacheRead != nil || answer.Usage.CacheWrite != nil {
		details := rawjson.NewWriter(64)
		details.Int("cached_tokens", int(s.CacheReadTokens))
		details.Int("cache_write_tokens", int(s.CacheWriteTokens))
		w.Member("prompt_tokens_details", details.End())
	}
	return w.End()
}
