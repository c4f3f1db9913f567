package openai

import (
	"bytes"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
	"bedrock-extproc/translator/sse"
)

// appendToolStart opens a call. Its id and name come once: clients would add them up.
func (s *stream) appendToolStart(dst []byte, step *converse.Step) []byte {
	if s.call.withheld != nil {
		return dst
	}
	open := &openCall{index: s.calls}
	s.open[step.Index] = open
	s.calls++
	kind, input := "function", "arguments"
	if s.call.custom[step.Call.Name] {
		kind, input = "custom", "input"
	}
	called := rawjson.NewWriter(96)
	called.Text("name", step.Call.Name)
	called.Text(input, "")
	w := rawjson.NewWriter(192)
	w.Int("index", open.index)
	w.Member("id", rawjson.OrNull(step.Call.ID))
	w.Text("type", kind)
	w.Member(kind, called.End())
	return s.appendDelta(dst, rawjson.Wrap("tool_calls", rawjson.Array([]rawjson.Value{w.End()})))
}

// appendToolInput sends a piece of the arguments. Two kinds of input are sent when they
// are complete, because their pieces are not what the client needs: the text of a custom
// call, which is inside of JSON, and a JSON string with the input, as some models write it.
func (s *stream) appendToolInput(dst []byte, step *converse.Step) []byte {
	open := s.open[step.Index]
	if open == nil || s.call.custom[step.Call.Name] {
		return dst
	}
	open.whole = open.whole || !open.some && bytes.HasPrefix(step.Value, []byte(`"\"`))
	if open.whole {
		return dst
	}
	open.some = true
	return s.appendArguments(dst, open.index, `,"function":{"arguments":`, step.Value)
}

func (s *stream) appendArguments(dst []byte, index int, before string, text rawjson.Value) []byte {
	dst = append(dst, s.begin...)
	dst = appendIndex(dst, index)
	dst = append(dst, before...)
	dst = sse.AppendJSON(dst, text)
	dst = append(dst, `}}]}`...)
	return append(dst, s.end...)
}

// appendEnded sends the parts of ended blocks that the client has not seen in pieces. A
// block waits for those before it, because thinking_blocks are sent back in their order.
func (s *stream) appendEnded(dst []byte, all bool) []byte {
	blocks := s.answer.Blocks
	for ; s.next < len(blocks) && (all || blocks[s.next].Kind != ""); s.next++ {
		b := &blocks[s.next]
		if _, thought := readThought(b); thought != nil {
			dst = s.appendElement(dst, "thinking_blocks", thought, &s.thoughts)
		}
		for _, note := range annotations(b, s.starts[s.next]) {
			dst = s.appendElement(dst, "annotations", note, &s.notes)
		}
	}
	return dst
}

// appendElement sends one element of a list. Clients need its index to add up lists of
// objects.
func (s *stream) appendElement(dst []byte, list string, element *rawjson.Writer, sent *int) []byte {
	element.Int("index", *sent)
	*sent++
	return s.appendDelta(dst, rawjson.Wrap(list, rawjson.Array([]rawjson.Value{element.End()})))
}

func (s *stream) appendCall(dst []byte, step *converse.Step) []byte {
	call := step.Block.Call
	if s.call.withheld != nil {
		s.call.withhold()
		return dst
	}
	if s.open[step.Index] == nil {
		dst = s.appendToolStart(dst, &converse.Step{Index: step.Index, Call: call})
	}
	open := s.open[step.Index]
	switch {
	case s.call.custom[call.Name]:
		return s.appendArguments(dst, open.index, `,"custom":{"input":`, openaiapi.CustomText(call))
	case open.some:
		return dst
	}
	return s.appendArguments(dst, open.index, `,"function":{"arguments":`, openaiapi.Arguments(call)) // clients parse it
}
