package chat

import (
	"strconv"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
	"bedrock-extproc/translator/sse"
)

// stream implements translator.Stream.
type stream struct {
	call    *call
	facts   translator.Facts
	answer  *converse.Answer
	begun   bool // an event was sent
	stopped bool // message_stop was sent
	ended   bool // the last event was written: metadata or error
}

const contentTypeStream = "text/event-stream"

// StreamHeaders implements translator.Encoder.
func (*call) StreamHeaders(translator.Facts) []translator.Header {
	return []translator.Header{{Name: "content-type", Value: contentTypeStream}}
}

// AppendKeepAlive implements translator.Encoder: an SSE comment.
func (*call) AppendKeepAlive(dst []byte) []byte { return append(dst, sse.KeepAlive...) }

// NewStream implements translator.Encoder.
func (c *call) NewStream(facts translator.Facts) translator.Stream {
	return &stream{call: c, facts: facts, answer: converse.NewAnswer(c.names)}
}

// AppendEvent implements translator.Stream.
func (s *stream) AppendEvent(dst []byte, ev translator.Event) ([]byte, error) {
	if s.ended {
		return dst, nil
	}
	steps, err := s.answer.Read(ev.Kind, ev.Payload)
	return s.appendSteps(dst, steps), err
}

// AppendEnd implements translator.Stream. The usage of a stream without metadata is
// empty, not zero.
func (s *stream) AppendEnd(dst []byte) []byte {
	if s.ended {
		return dst
	}
	return s.appendSteps(dst, s.answer.End())
}

// AppendError implements translator.Stream. A tool call that is not complete stays
// so.
func (s *stream) AppendError(dst []byte, e *translator.Error) []byte {
	if s.ended {
		return dst
	}
	s.ended = true
	dst = appendErrorEvent(dst, e)
	if !s.call.stopError || s.stopped || s.call.earlyEvent && !s.begun {
		return dst
	}
	dst = s.appendStop(dst, rawjson.Quote("error"))
	return s.appendMetadata(dst)
}

func appendErrorEvent(dst []byte, e *translator.Error) []byte {
	w := newEvent("error")
	w.Text("detail", e.Message)
	w.Member("error", converse.EncodeErrorFacts(e, e.Status))
	return sse.AppendData(dst, w.End())
}

// Summary implements translator.Stream.
func (s *stream) Summary() translator.Summary { return s.call.summary(s.answer) }

func (s *stream) appendSteps(dst []byte, steps []converse.Step) []byte {
	before := len(dst)
	for i := range steps {
		dst = s.appendStep(dst, &steps[i])
	}
	s.begun = s.begun || len(dst) > before
	return dst
}

func (s *stream) appendStep(dst []byte, step *converse.Step) []byte {
	switch step.Kind {
	case converse.StepText:
		return appendText(dst, step)
	case converse.StepToolStart, converse.StepToolInput:
		return s.appendToolPiece(dst, step)
	case converse.StepReasoning:
		return appendReasoning(dst, step)
	case converse.StepBlock:
		return s.appendBlock(dst, step)
	case converse.StepUnknown:
		w := newEvent("unknown_event")
		w.Text("event", step.Name)
		w.Member("payload", step.Value)
		return sse.AppendData(dst, w.End())
	case converse.StepStop:
		return s.appendStop(dst, rawjson.OrNull(s.answer.StopReason))
	case converse.StepEnd:
		return s.appendMetadata(dst)
	case converse.StepStart, converse.StepCitation, converse.StepPiece: // StepBlock has their content
	}
	return dst
}

func (s *stream) appendStop(dst []byte, reason rawjson.Value) []byte {
	s.stopped = true
	w := newEvent("message_stop")
	w.Member("stop_reason", reason)
	w.Text("model", s.call.model)
	return sse.AppendData(dst, w.End())
}

func (s *stream) appendMetadata(dst []byte) []byte {
	s.ended = true
	w := newEvent("metadata")
	w.Member("usage", encodeUsage(s.answer.Usage))
	w.Member("metadata", s.call.encodeMetadata(s.answer, s.facts))
	return sse.AppendData(dst, w.End())
}

func newEvent(kind string) *rawjson.Writer {
	w := rawjson.NewWriter(192)
	w.Text("type", kind)
	return w
}

// appendText copies the piece unchanged, with its escapes.
func appendText(dst []byte, step *converse.Step) []byte {
	dst = append(dst, `data: {"type":"content_delta","delta":`...)
	dst = sse.AppendJSON(dst, step.Value)
	return appendIndex(dst, step.Index)
}

// appendIndex ends an event with the index of its block.
func appendIndex(dst []byte, index int) []byte {
	dst = append(dst, `,"index":`...)
	dst = strconv.AppendInt(dst, int64(index), 10)
	return append(dst, "}\n\n"...)
}

func (s *stream) appendToolPiece(dst []byte, step *converse.Step) []byte {
	switch {
	case s.call.toolsWithheld:
		return dst
	case step.Kind == converse.StepToolStart:
		w := newEvent("tool_use_start")
		w.Member("id", rawjson.OrNull(step.Call.ID))
		w.Text("name", step.Call.Name)
		w.Int("index", step.Index)
		return sse.AppendData(dst, w.End())
	case !s.call.toolUseDeltas:
		return dst
	}
	dst = append(dst, `data: {"type":"tool_use_delta","id":`...)
	dst = sse.AppendJSON(dst, rawjson.OrNull(step.Call.ID))
	dst = append(dst, `,"delta":`...)
	dst = sse.AppendJSON(dst, step.Value)
	return appendIndex(dst, step.Index)
}

// reasoningNames are the client's names of the pieces of reasoning. Others keep
// theirs.
var reasoningNames = map[string]string{"text": "delta", "redactedContent": "redacted_content"}

func appendReasoning(dst []byte, step *converse.Step) []byte {
	name := step.Name
	if client, ok := reasoningNames[name]; ok {
		name = client
	}
	w := newEvent("reasoning_delta")
	w.Member(name, rawjson.Compact(step.Value))
	w.Int("index", step.Index)
	return sse.AppendData(dst, w.End())
}

// appendBlock completes a tool call, and sends a block that the client has not seen
// in pieces.
func (s *stream) appendBlock(dst []byte, step *converse.Step) []byte {
	switch b := step.Block; {
	case b.Call != nil:
		return s.appendCall(dst, step.Index, b.Call)
	case b.Plain || b.Kind == "reasoningContent":
		return dst
	}
	w := newEvent("content_block")
	w.Int("index", step.Index)
	w.Member("block", step.Block.Value)
	return sse.AppendData(dst, w.End())
}

func (s *stream) appendCall(dst []byte, index int, call *converse.ToolCall) []byte {
	if s.call.toolsWithheld {
		s.call.warnings = converse.Withhold(s.call.warnings, &converse.FaultToolCallWithheld)
		return dst
	}
	w := newEvent("tool_use_complete")
	w.Member("id", rawjson.OrNull(call.ID))
	w.Text("name", call.Name)
	appendInput(w, call)
	w.Int("index", index)
	return sse.AppendData(dst, w.End())
}
