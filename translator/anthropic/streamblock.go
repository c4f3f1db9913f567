package anthropic

import (
	"bytes"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
	"bedrock-extproc/translator/sse"
)

// The beginnings of deltas, by type.
const (
	textDelta      = `{"type":"text_delta","text":`
	thinkingDelta  = `{"type":"thinking_delta","thinking":`
	signatureDelta = `{"type":"signature_delta","signature":`
	inputDelta     = `{"type":"input_json_delta","partial_json":`
	citationsDelta = `{"type":"citations_delta","citation":`
)

var (
	textStart     = rawjson.Value(`{"type":"text","text":""}`)
	thinkingStart = rawjson.Value(`{"type":"thinking","thinking":"","signature":""}`)
)

func (s *stream) appendBlockStep(dst []byte, step *converse.Step) []byte {
	switch step.Kind {
	case converse.StepText:
		return s.appendPiece(dst, step, textStart, textDelta)
	case converse.StepCitation:
		dst, b := s.begin(dst, step.Index, textStart)
		if citation := encodeCitation(step.Value); citation != nil {
			dst = appendBlockDelta(dst, b.index, citationsDelta, citation)
		}
		return dst
	case converse.StepReasoning:
		return s.appendReasoning(dst, step)
	case converse.StepToolStart:
		dst, _ = s.beginCall(dst, step.Index, step.Call)
		return dst
	case converse.StepToolInput:
		return s.appendInput(dst, step)
	case converse.StepBlock:
		return s.appendBlock(dst, step)
	default:
		return dst // content_blocks has the pieces of other blocks
	}
}

// begin opens a block, unless it is open.
func (s *stream) begin(dst []byte, position int, start rawjson.Value) ([]byte, *openBlock) {
	if b := s.open[position]; b != nil {
		return dst, b
	}
	b := s.newBlock(position)
	return appendBlockStart(dst, b.index, start), b
}

func (s *stream) newBlock(position int) *openBlock {
	b := &openBlock{index: s.sent, position: position}
	s.open[position] = b
	s.sent++
	return b
}

// appendPiece sends a piece of text or of a thought. It is most of the work of a stream.
func (s *stream) appendPiece(dst []byte, step *converse.Step, start rawjson.Value, head string) []byte {
	b := s.last
	if b == nil || b.position != step.Index {
		dst, b = s.begin(dst, step.Index, start)
		s.last = b
	}
	if b.head == nil {
		b.head = appendDeltaHead(nil, b.index, head)
	}
	if len(step.Value) == 2 {
		return dst
	}
	return append(sse.AppendJSON(append(dst, b.head...), step.Value), "}}\n\n"...)
}

// appendReasoning sends thoughts. A signature comes at the end of the block, since the SDKs
// do not join its pieces. Redacted data is in the start event, so its block is held.
func (s *stream) appendReasoning(dst []byte, step *converse.Step) []byte {
	open := s.open[step.Index]
	switch {
	case open != nil && open.held:
	case step.Name == "text" && rawjson.Kind(step.Value) == '"':
		return s.appendPiece(dst, step, thinkingStart, thinkingDelta)
	case step.Name == "signature":
		dst, _ = s.begin(dst, step.Index, thinkingStart)
	case step.Name == "redactedContent" && open == nil:
		open = s.newBlock(step.Index)
		open.held = true
		s.held = append(s.held, open)
	}
	return dst
}

func (s *stream) beginCall(dst []byte, position int, call *converse.ToolCall) ([]byte, *openBlock) {
	if s.call.withheld != nil {
		return dst, nil
	}
	s.calls++
	w := rawjson.NewWriter(160)
	w.Text("type", "tool_use")
	w.Member("id", rawjson.OrNull(call.ID))
	w.Text("name", call.Name)
	w.Member("input", []byte("{}"))
	return s.begin(dst, position, w.End())
}

// appendInput sends a piece of the input. A JSON string with the input, as some models
// write it, is sent when it is complete.
func (s *stream) appendInput(dst []byte, step *converse.Step) []byte {
	b := s.open[step.Index]
	if b == nil {
		return dst
	}
	b.whole = b.whole || !b.some && bytes.HasPrefix(step.Value, []byte(`"\"`))
	if b.whole {
		return dst
	}
	b.some = true
	return appendBlockDelta(dst, b.index, inputDelta, step.Value)
}

// appendBlock ends a block. One that was not sent in pieces is sent now.
func (s *stream) appendBlock(dst []byte, step *converse.Step) []byte {
	block, open := step.Block, s.open[step.Index]
	delete(s.open, step.Index)
	s.last = nil
	switch {
	case block.Call != nil:
		return s.endCall(dst, step.Index, open, block.Call)
	case open != nil && open.held:
		v := encodeBlock(block)
		if v == nil {
			v = rawjson.Value(`{"type":"redacted_thinking","data":""}`)
		}
		return s.appendHeld(appendBlockStart(dst, open.index, v), open)
	case open == nil:
		v := encodeBlock(block)
		if v == nil {
			return dst
		}
		open = &openBlock{index: s.sent}
		s.sent++
		dst = appendBlockStart(dst, open.index, v)
	case block.Kind == "reasoningContent":
		signature := rawjson.Members(rawjson.Members(inner(block)).Get("reasoningText")).Get("signature")
		if rawjson.Kind(signature) == '"' && len(signature) > 2 {
			dst = appendBlockDelta(dst, open.index, signatureDelta, signature)
		}
	}
	return appendBlockStop(dst, open.index)
}

func (s *stream) endCall(dst []byte, position int, open *openBlock, call *converse.ToolCall) []byte {
	if s.call.withheld != nil {
		s.call.warnings = converse.Withhold(s.call.warnings, s.call.withheld)
		return dst
	}
	if open == nil {
		dst, open = s.beginCall(dst, position, call)
		delete(s.open, position)
	}
	if !open.some && string(call.Input) != "{}" {
		dst = appendBlockDelta(dst, open.index, inputDelta, inputText(call))
	}
	return appendBlockStop(dst, open.index)
}

// inputText is the input of a call as a JSON string: JSON text, or what the model wrote
// instead.
func inputText(call *converse.ToolCall) rawjson.Value {
	if raw := rawjson.Members(call.Input).Get("raw"); call.Incomplete && rawjson.Kind(raw) == '"' {
		return raw
	}
	return rawjson.Quote(string(call.Input))
}
