package chat

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/sse"
)

// stream implements translator.Stream. Its state is kept by block index, so that
// blocks may interleave.
type stream struct {
	call    *call
	facts   translator.Facts
	tools   map[int]*openTool
	summary translator.Summary
	told    bool // the metadata event is out
}

// openTool is a tool call whose input is still coming.
type openTool struct {
	id    jsontext.Value
	name  string
	input []byte
}

// streamEvent is the union of what events carry.
type streamEvent struct {
	Index int `json:"contentBlockIndex"`
	Start struct {
		ToolUse *struct {
			ToolUseID jsontext.Value `json:"toolUseId"`
			Name      string         `json:"name"`
		} `json:"toolUse"`
	} `json:"start"`
	Delta struct {
		Text    jsontext.Value `json:"text"`
		ToolUse *struct {
			Input jsontext.Value `json:"input"`
		} `json:"toolUse"`
		Reasoning *struct {
			Text      jsontext.Value `json:"text"`
			Signature jsontext.Value `json:"signature"`
			Redacted  jsontext.Value `json:"redactedContent"`
		} `json:"reasoningContent"`
	} `json:"delta"`
	StopReason jsontext.Value `json:"stopReason"`
	Usage      usage          `json:"usage"`
	Metrics    struct {
		LatencyMs jsontext.Value `json:"latencyMs"`
	} `json:"metrics"`
	Trace jsontext.Value `json:"trace"`
}

// NewStream implements translator.Encoder.
func (c *call) NewStream(facts translator.Facts) translator.Stream {
	return &stream{call: c, facts: facts, tools: map[int]*openTool{}}
}

// AppendEvent implements translator.Stream.
func (s *stream) AppendEvent(dst []byte, ev translator.Event) ([]byte, error) {
	var in streamEvent
	if err := json.Unmarshal(ev.Payload, &in, lenient); err != nil {
		return dst, badAnswer("Bedrock sent an event that cannot be read.", s.facts, err)
	}
	switch ev.Kind {
	case "contentBlockStart":
		return s.start(dst, &in), nil
	case "contentBlockDelta":
		return s.delta(dst, &in), nil
	case "contentBlockStop":
		return s.stop(dst, &in), nil
	case "messageStop":
		s.summary.StopReason = reason(in.StopReason)
		w := event("message_stop")
		w.member("stop_reason", orNull(in.StopReason))
		w.text("model", s.call.model)
		return sse.AppendData(dst, w.end()), nil
	case "metadata":
		return s.metadata(dst, &in), nil
	}
	return dst, nil
}

func (s *stream) start(dst []byte, in *streamEvent) []byte {
	if in.Start.ToolUse == nil || s.call.toolsWithheld {
		return dst
	}
	t := &openTool{id: in.Start.ToolUse.ToolUseID.Clone(), name: s.call.names.original(in.Start.ToolUse.Name)}
	s.tools[in.Index] = t
	w := event("tool_use_start")
	w.member("id", orNull(t.id))
	w.text("name", t.name)
	return sse.AppendData(dst, w.end())
}

func (s *stream) delta(dst []byte, in *streamEvent) []byte {
	d := &in.Delta
	switch {
	case len(d.Text) > 0:
		w := event("content_delta")
		w.member("delta", d.Text)
		return sse.AppendData(dst, w.end())
	case d.ToolUse != nil:
		return s.toolDelta(dst, in.Index, d.ToolUse.Input)
	case d.Reasoning != nil:
		w := event("reasoning_delta")
		w.member("delta", d.Reasoning.Text)
		w.member("signature", d.Reasoning.Signature)
		w.member("redacted_content", d.Reasoning.Redacted)
		return sse.AppendData(dst, w.end())
	}
	return dst
}

func (s *stream) toolDelta(dst []byte, index int, input jsontext.Value) []byte {
	t := s.tools[index]
	if t == nil || len(input) <= 2 {
		return dst
	}
	t.input, _ = jsontext.AppendUnquote(t.input, input) // what cannot be read becomes U+FFFD
	if !s.call.toolUseDeltas {
		return dst
	}
	w := event("tool_use_delta")
	w.member("id", orNull(t.id))
	w.member("delta", input)
	return sse.AppendData(dst, w.end())
}

func (s *stream) stop(dst []byte, in *streamEvent) []byte {
	t := s.tools[in.Index]
	if t == nil {
		return dst
	}
	delete(s.tools, in.Index)
	w := event("tool_use_complete")
	w.member("id", orNull(t.id))
	w.text("name", t.name)
	input := jsontext.Value(t.input)
	switch {
	case len(t.input) == 0:
		w.member("input", []byte("{}"))
	case input.IsValid(lenient):
		w.member("input", compact(input))
	default:
		w.member("input", object("raw", quote(string(t.input))))
		w.member("incomplete", []byte("true"))
	}
	return sse.AppendData(dst, w.end())
}

func (s *stream) metadata(dst []byte, in *streamEvent) []byte {
	stop := s.summary.StopReason
	s.summary, s.told = in.Usage.summary(), true
	s.summary.StopReason = stop
	w := event("metadata")
	w.member("usage", in.Usage.encode())
	meta := metadata{call: s.call, facts: s.facts, reply: &converseReply{Trace: in.Trace}}
	meta.reply.Metrics.LatencyMs = in.Metrics.LatencyMs
	w.member("metadata", meta.encode())
	return sse.AppendData(dst, w.end())
}

// AppendEnd implements translator.Stream.
func (s *stream) AppendEnd(dst []byte) []byte {
	if s.told {
		return dst
	}
	w := event("metadata")
	w.member("usage", []byte("null"))
	meta := metadata{call: s.call, facts: s.facts}
	w.member("metadata", meta.encode())
	return sse.AppendData(dst, w.end())
}

// AppendError implements translator.Stream.
func (s *stream) AppendError(dst []byte, e *translator.Error) []byte {
	w := event("error")
	w.text("detail", e.Message)
	w.member("error", errorObject(e))
	return sse.AppendData(dst, w.end())
}

// Summary implements translator.Stream.
func (s *stream) Summary() translator.Summary { return s.summary }

func event(kind string) *writer {
	w := newWriter(128)
	w.text("type", kind)
	return w
}
