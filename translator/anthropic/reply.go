package anthropic

import (
	"net/http"
	"strconv"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

const contentTypeJSON = "application/json"

// EncodeReply implements translator.Encoder.
func (c *call) EncodeReply(reply []byte, facts translator.Facts) (translator.Response, translator.Summary, error) {
	answer := converse.NewAnswer(c.names)
	if err := answer.ReadReply(reply); err != nil {
		return translator.Response{}, translator.Summary{}, err
	}
	content, calls := c.encodeContent(answer)
	w := c.newMessage(facts, content, len(reply)+768)
	writeStop(w, answer, calls)
	w.Member("usage", encodeUsage(answer))
	w.Member("bedrock", c.encodeBedrock(answer, facts, nil))
	return translator.Response{Status: http.StatusOK, ContentType: contentTypeJSON, Headers: c.headers(facts), Body: w.End()}, c.summary(answer), nil
}

// newMessage starts a message. Claude Code takes answers with one id for one answer, so the
// id differs between two requests with the same X-Request-Id.
func (c *call) newMessage(facts translator.Facts, content rawjson.Value, size int) *rawjson.Writer {
	id := "msg_" + facts.RequestID
	if !facts.Start.IsZero() {
		id += "-" + strconv.FormatInt(facts.Start.UnixNano(), 36)
	}
	w := rawjson.NewWriter(size)
	w.Text("id", id)
	w.Text("type", "message")
	w.Text("role", "assistant")
	w.Text("model", c.model)
	w.Member("content", content)
	return w
}

// encodeContent returns the content, and the number of tool calls in it.
func (c *call) encodeContent(answer *converse.Answer) (content rawjson.Value, calls int) {
	var blocks []rawjson.Value
	for i := range answer.Blocks {
		b := &answer.Blocks[i]
		switch {
		case b.Call == nil:
		case c.withheld != nil:
			c.warnings = converse.Withhold(c.warnings, c.withheld)
			continue
		default:
			calls++
		}
		if v := encodeBlock(b); v != nil {
			blocks = append(blocks, v)
		}
	}
	if len(blocks) == 0 {
		return rawjson.Value("[]"), 0
	}
	return rawjson.Array(blocks), calls
}

// encodeBlock returns Anthropic's form of a block, nil if it has none: content_blocks has
// the block then.
func encodeBlock(b *converse.AnswerBlock) rawjson.Value {
	switch {
	case b.Call != nil:
		return encodeCall(b.Call)
	case b.Kind == "text" || b.Kind == "citationsContent":
		return encodeText(b)
	case b.Kind == "reasoningContent":
		return encodeThought(b)
	}
	return nil
}

// encodeText leaves citations out if there are none: Vercel's AI SDK rejects null.
func encodeText(b *converse.AnswerBlock) rawjson.Value {
	w := rawjson.NewWriter(len(b.Value) + 64)
	w.Text("type", "text")
	w.Member("text", orEmpty(b.Text))
	w.Member("citations", rawjson.Array(citationsOf(b)))
	return w.End()
}

func citationsOf(b *converse.AnswerBlock) (citations []rawjson.Value) {
	if b.Kind != "citationsContent" {
		return nil
	}
	for _, v := range rawjson.Elements(rawjson.Members(inner(b)).Get("citations")) {
		if citation := encodeCitation(v); citation != nil {
			citations = append(citations, citation)
		}
	}
	return citations
}

// inner is an object in the member that names the block's kind.
func inner(b *converse.AnswerBlock) rawjson.Value {
	if v := rawjson.Members(b.Value).Get(b.Kind); rawjson.Kind(v) == '{' {
		return v
	}
	return rawjson.Value("{}")
}

func encodeCall(call *converse.ToolCall) rawjson.Value {
	w := rawjson.NewWriter(len(call.Input) + 160)
	w.Text("type", "tool_use")
	w.Member("id", rawjson.OrNull(call.ID))
	w.Text("name", call.Name)
	w.Member("input", call.Input)
	return w.End()
}

// encodeThought copies the text, the signature and redacted data as Bedrock wrote them:
// the signature covers the exact text.
func encodeThought(b *converse.AnswerBlock) rawjson.Value {
	content := rawjson.Members(inner(b))
	w := rawjson.NewWriter(len(b.Value) + 64)
	if reasoning := content.Get("reasoningText"); rawjson.Kind(reasoning) == '{' {
		members := rawjson.Members(reasoning)
		w.Text("type", "thinking")
		w.Member("thinking", orEmpty(members.Get("text")))
		w.Member("signature", orEmpty(members.Get("signature")))
		return w.End()
	}
	redacted := content.Get("redactedContent")
	if rawjson.Absent(redacted) {
		return nil
	}
	if rawjson.Kind(redacted) != '"' {
		redacted = rawjson.Quote(string(redacted))
	}
	w.Text("type", "redacted_thinking")
	w.Member("data", redacted)
	return w.End()
}
