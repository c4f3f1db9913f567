package responses

import (
	"bytes"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
	"bedrock-extproc/translator/sse"
)

// openItem is an item of a stream.
type openItem struct {
	item

	place  []byte // the members of its events that say which item it is
	open   int    // its blocks that have not ended
	closed bool   // no block can join it
	some   bool   // a piece of the arguments or of the summary was sent
	whole  bool   // the arguments are sent when they are complete
}

// appendOpen begins an item with a block. begin writes the members that its kind has.
func (s *stream) appendOpen(dst []byte, kind string, block int, begin func(*rawjson.Writer)) ([]byte, *openItem) {
	dst = s.appendClosed(dst)
	it := &openItem{item: newItem(kind, s.answerID, len(s.items), block), open: 1}
	it.place = appendNumber(appendMember(nil, "item_id", rawjson.Quote(it.id)), "output_index", it.index)
	s.items = append(s.items, it)
	s.of[block] = it
	w := rawjson.NewWriter(256)
	startItem(w, &it.item, inProgress)
	begin(w)
	return s.appendItem(dst, "response.output_item.added", it, w.End()), it
}

func (s *stream) appendItem(dst []byte, name string, it *openItem, value rawjson.Value) []byte {
	event := s.newEvent(name)
	event.Int("output_index", it.index)
	event.Member("item", value)
	return sse.AppendEvent(dst, name, event.End())
}

// appendClosed closes the last item: only a block behind its last one could join it.
func (s *stream) appendClosed(dst []byte) []byte {
	if len(s.items) == 0 {
		return dst
	}
	it := s.items[len(s.items)-1]
	if it.closed {
		return dst
	}
	it.closed = true
	return s.appendDone(dst, it)
}

// appendDone ends an item when all its blocks have ended.
func (s *stream) appendDone(dst []byte, it *openItem) []byte {
	if it.open > 0 || !it.closed {
		return dst
	}
	return s.appendItem(dst, "response.output_item.done", it, s.call.encodeItem(&it.item, s.answer.Blocks))
}

// appendPart begins the content part of a block with text, unless it has begun.
func (s *stream) appendPart(dst []byte, block int) ([]byte, *openItem) {
	if it := s.of[block]; it != nil {
		return dst, it
	}
	it := s.of[block-1]
	if it != nil && it.kind == message && !it.closed {
		s.of[block] = it
		it.parts++
		it.open++
	} else {
		dst, it = s.appendOpen(dst, message, block, func(w *rawjson.Writer) {
			w.Text("role", "assistant")
			w.Member("content", []byte("[]"))
		})
	}
	return s.appendPartEvent(dst, "response.content_part.added", it, block, encodePart(&converse.AnswerBlock{})), it
}

func (s *stream) appendPartEvent(dst []byte, name string, it *openItem, block int, part rawjson.Value) []byte {
	dst = appendNumber(s.appendHead(dst, name, it), "content_index", block-it.first)
	return append(appendMember(dst, "part", part), endOfEvent...)
}

// appendText sends a piece of text.
func (s *stream) appendText(dst []byte, step *converse.Step) []byte {
	dst, it := s.appendPart(dst, step.Index)
	if len(step.Value) == len(emptyText) {
		return dst
	}
	dst = appendNumber(s.appendHead(dst, "response.output_text.delta", it), "content_index", step.Index-it.first)
	return append(appendMember(dst, "delta", step.Value), `,"logprobs":[]}`+"\n\n"...)
}

// appendReasoning sends a piece of reasoning. StepBlock has all that is no text.
func (s *stream) appendReasoning(dst []byte, step *converse.Step) []byte {
	dst, it := s.appendThought(dst, step.Index)
	if step.Name != "text" || rawjson.Kind(step.Value) != '"' || len(step.Value) == len(emptyText) {
		return dst
	}
	if !it.some {
		it.some = true
		dst = s.appendSummaryEvent(dst, "response.reasoning_summary_part.added", it, "part", summaryPart(emptyText))
	}
	return s.appendSummaryEvent(dst, "response.reasoning_summary_text.delta", it, "delta", step.Value)
}

func (s *stream) appendThought(dst []byte, block int) ([]byte, *openItem) {
	if it := s.of[block]; it != nil {
		return dst, it
	}
	return s.appendOpen(dst, reasoning, block, func(w *rawjson.Writer) {
		w.Member("summary", []byte("[]"))
		w.Member("encrypted_content", []byte("null"))
	})
}

func (s *stream) appendSummaryEvent(dst []byte, name string, it *openItem, member string, value rawjson.Value) []byte {
	dst = append(s.appendHead(dst, name, it), `,"summary_index":0`...)
	return append(appendMember(dst, member, value), endOfEvent...)
}

// appendCallStart begins a call.
func (s *stream) appendCallStart(dst []byte, block int, call *converse.ToolCall) ([]byte, *openItem) {
	kind, input := s.call.kindOfCall(call), "arguments"
	if kind == customCall {
		input = "input"
	}
	return s.appendOpen(dst, kind, block, func(w *rawjson.Writer) {
		s.call.writeCall(w, call)
		w.Member(input, emptyText)
	})
}

// appendToolInput sends a piece of the arguments. Two kinds of input are sent when they
// are complete, because their pieces are not what the client needs: the text of a custom
// call, which is inside of JSON, and a JSON string with the input, as some models write it.
func (s *stream) appendToolInput(dst []byte, step *converse.Step) []byte {
	it := s.of[step.Index]
	if it == nil || it.kind != functionCall {
		return dst
	}
	it.whole = it.whole || !it.some && bytes.HasPrefix(step.Value, []byte(`"\"`))
	if it.whole {
		return dst
	}
	it.some = true
	return s.appendInput(dst, "response.function_call_arguments.delta", it, "delta", step.Value)
}

func (s *stream) appendInput(dst []byte, name string, it *openItem, member string, value rawjson.Value) []byte {
	return append(appendMember(s.appendHead(dst, name, it), member, value), endOfEvent...)
}

// appendBlock ends a block.
func (s *stream) appendBlock(dst []byte, step *converse.Step) []byte {
	b := step.Block
	if b.Call != nil && s.call.withheld != nil {
		s.call.warnings = converse.Withhold(s.call.warnings, s.call.withheld)
	}
	it := s.of[step.Index]
	switch s.call.kindOf(b) {
	case "":
		return dst
	case message:
		dst, it = s.appendPart(dst, step.Index)
		dst = s.appendTextEnd(dst, it, step)
	case reasoning:
		dst, it = s.appendThought(dst, step.Index)
		dst = s.appendThoughtEnd(dst, it, b)
	default:
		if it == nil {
			dst, it = s.appendCallStart(dst, step.Index, b.Call)
		}
		dst = s.appendCallEnd(dst, it, b.Call)
	}
	it.open--
	it.closed = it.closed || it.kind != message
	return s.appendDone(dst, it)
}

func (s *stream) appendTextEnd(dst []byte, it *openItem, step *converse.Step) []byte {
	content := step.Index - it.first
	for i, note := range annotations(step.Block) {
		dst = appendNumber(s.appendHead(dst, "response.output_text.annotation.added", it), "content_index", content)
		dst = append(appendMember(appendNumber(dst, "annotation_index", i), "annotation", note), endOfEvent...)
	}
	dst = appendNumber(s.appendHead(dst, "response.output_text.done", it), "content_index", content)
	dst = append(appendMember(dst, "text", textOf(step.Block)), `,"logprobs":[]}`+"\n\n"...)
	return s.appendPartEvent(dst, "response.content_part.done", it, step.Index, encodePart(step.Block))
}

func (s *stream) appendThoughtEnd(dst []byte, it *openItem, b *converse.AnswerBlock) []byte {
	text := summaryOf(b)
	if text == nil || !it.some {
		return dst
	}
	dst = s.appendSummaryEvent(dst, "response.reasoning_summary_text.done", it, "text", text)
	return s.appendSummaryEvent(dst, "response.reasoning_summary_part.done", it, "part", summaryPart(text))
}

func (s *stream) appendCallEnd(dst []byte, it *openItem, call *converse.ToolCall) []byte {
	kind, member, value := "response.function_call_arguments", "arguments", openaiapi.Arguments(call)
	if it.kind == customCall {
		kind, member, value = "response.custom_tool_call_input", "input", openaiapi.CustomText(call)
	}
	if !it.some {
		dst = s.appendInput(dst, kind+".delta", it, "delta", value)
	}
	return s.appendInput(dst, kind+".done", it, member, value)
}
