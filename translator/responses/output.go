package responses

import (
	"strconv"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

// The types of output items, which are the kinds of blocks that clients see.
const (
	message      = "message"
	reasoning    = "reasoning"
	functionCall = "function_call"
	customCall   = "custom_tool_call"
)

// idPrefixes begin the ids of items, by type.
var idPrefixes = map[string]string{message: "msg_", reasoning: "rs_", functionCall: "fc_", customCall: "ctc_"}

// An item is one element of a response's output: blocks of text that follow each other
// are the parts of one message, and any other block is an item of its own.
type item struct {
	kind  string
	id    string
	index int // in the output
	first int // its first block
	parts int // its blocks
}

func newItem(kind, answerID string, index, block int) item {
	return item{kind: kind, id: idPrefixes[kind] + answerID + "_" + strconv.Itoa(index), index: index, first: block, parts: 1}
}

// kindOf is the type of a block's item, "" for a block that only content_blocks has.
func (c *call) kindOf(b *converse.AnswerBlock) string {
	switch {
	case b.Call != nil && c.withheld != nil:
	case b.Call != nil:
		return c.kindOfCall(b.Call)
	case b.Kind == "text" || b.Kind == "citationsContent":
		return message
	case b.Kind == "reasoningContent":
		return reasoning
	}
	return ""
}

func (c *call) kindOfCall(call *converse.ToolCall) string {
	if c.tools.custom[call.Name] {
		return customCall
	}
	return functionCall
}

// items are those of a whole answer.
func (c *call) items(blocks []converse.AnswerBlock, answerID string) []item {
	var items []item
	last := "" // the kind of the block before
	for i := range blocks {
		b := &blocks[i]
		if b.Call != nil && c.withheld != nil {
			c.warnings = converse.Withhold(c.warnings, c.withheld)
		}
		kind := c.kindOf(b)
		switch {
		case kind == message && last == message:
			items[len(items)-1].parts++
		case kind != "":
			items = append(items, newItem(kind, answerID, len(items), i))
		}
		last = kind
	}
	return items
}

// encodeItem encodes a complete item.
func (c *call) encodeItem(it *item, blocks []converse.AnswerBlock) rawjson.Value {
	w := rawjson.NewWriter(len(blocks[it.first].Value) + 256)
	c.writeItem(w, it, blocks)
	return w.End()
}

// writeItem writes the members of a complete item.
func (c *call) writeItem(w *rawjson.Writer, it *item, blocks []converse.AnswerBlock) {
	b := &blocks[it.first]
	startItem(w, it, completed)
	switch it.kind {
	case message:
		w.Text("role", "assistant")
		w.Begin("content", '[')
		for i := range it.parts {
			w.Element()
			writePart(w, &blocks[it.first+i])
			w.Close('}')
		}
		w.Close(']')
	case reasoning:
		w.Member("summary", encodeSummary(summaryOf(b)))
		w.Member("encrypted_content", seal(rawjson.Members(b.Value).Get(b.Kind)))
	case functionCall:
		c.writeCall(w, b.Call)
		w.Member("arguments", openaiapi.Arguments(b.Call))
	case customCall:
		c.writeCall(w, b.Call)
		w.Member("input", openaiapi.CustomText(b.Call))
	}
}

// startItem writes the members that all items have.
func startItem(w *rawjson.Writer, it *item, state string) {
	w.Text("id", it.id)
	w.Text("type", it.kind)
	w.Text("status", state)
}

func (c *call) writeCall(w *rawjson.Writer, call *converse.ToolCall) {
	w.Member("call_id", rawjson.OrNull(call.ID))
	c.tools.write(w, call.Name)
}

// encodePart encodes the content part of a block with text.
func encodePart(b *converse.AnswerBlock) rawjson.Value {
	w := rawjson.NewWriter(len(b.Text) + 96)
	writePart(w, b)
	return w.End()
}

func writePart(w *rawjson.Writer, b *converse.AnswerBlock) {
	w.Text("type", "output_text")
	w.Member("text", textOf(b))
	w.Member("annotations", orEmptyList(annotations(b)))
	w.Member("logprobs", []byte("[]"))
}

var emptyText = rawjson.Value(`""`)

func textOf(b *converse.AnswerBlock) rawjson.Value {
	if len(b.Text) == 0 {
		return emptyText // a citation without text
	}
	return b.Text
}

// annotations are the citations of web pages in a block. content_blocks has all citations.
func annotations(b *converse.AnswerBlock) []rawjson.Value {
	var all []rawjson.Value
	for _, citation := range openaiapi.WebCitations(b) {
		w := rawjson.NewWriter(256)
		w.Text("type", "url_citation")
		w.Member("url", citation.URL)
		w.Member("title", citation.Title)
		w.Int("start_index", 0)
		w.Int("end_index", openaiapi.Characters(b.Text))
		all = append(all, w.End())
	}
	return all
}

// summaryOf is the text of a block of reasoning, a JSON string; nil without one.
func summaryOf(b *converse.AnswerBlock) rawjson.Value {
	content := rawjson.Members(rawjson.Members(b.Value).Get(b.Kind))
	text := rawjson.Members(content.Get("reasoningText")).Get("text")
	if rawjson.Kind(text) != '"' || len(text) == len(emptyText) {
		return nil
	}
	return text
}

func encodeSummary(text rawjson.Value) rawjson.Value {
	if text == nil {
		return rawjson.Value("[]")
	}
	return rawjson.Array([]rawjson.Value{summaryPart(text)})
}

func summaryPart(text rawjson.Value) rawjson.Value {
	w := rawjson.NewWriter(len(text) + 48)
	w.Text("type", "summary_text")
	w.Member("text", text)
	return w.End()
}

func orEmptyList(values []rawjson.Value) rawjson.Value {
	if len(values) == 0 {
		return rawjson.Value("[]")
	}
	return rawjson.Array(values)
}
