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

// appendLists sends the thoughts and the citations of the answer, each list whole: OpenAI's
// SDK for Node keeps only the last piece of members that it does not know. The SDK for
// Python needs an index in each element.
func (s *stream) appendLists(dst []byte) []byte {
	var thoughts, notes []rawjson.Value
	for i := range s.answer.Blocks {
		b := &s.answer.Blocks[i]
		if _, thought := readThought(b); thought != nil {
			thoughts = appendElement(thoughts, thought)
		}
		for _, note := range annotations(b, s.starts[i]) {
			notes = appendElement(notes, note)
		}
	}
	for _, list := range []rawjson.Member{{Name: "thinking_blocks", Value: rawjson.Array(thoughts)}, {Name: "annotations", Value: rawjson.Array(notes)}} {
		if list.Value != nil {
			dst = s.appendDelta(dst, rawjson.Wrap(list.Name, list.Value))
		}
	}
	return dst
}

func appendElement(list []rawjson.Value, element *rawjson.Writer) []rawjson.Value {
	element.Int("index", len(list))
	return append(list, element.End())
}

func (s *stream) appendCall(dst []byte, step *converse.Step) []byte {
	call := step.Block.Call
	if s.call.withheld != nil {
		s.call.warnings = converse.Withhold(s.call.warnings, s.call.withheld)
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
