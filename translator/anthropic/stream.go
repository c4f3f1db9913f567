package anthropic

import (
	"slices"
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
	open    map[int]*openBlock // by the block's position in Bedrock's answer
	last    *openBlock         // the one that got the last piece
	held    []*openBlock       // blocks that are sent when they are complete, in order
	sent    int                // the blocks that were begun
	calls   int                // the tool calls among them
	unknown []rawjson.Value    // events
	ended   bool               // the last event was written
}

// openBlock is a block that was begun.
type openBlock struct {
	index    int // in the client's content, without gaps
	position int
	some     bool // a piece of the input was sent
	whole    bool // the input is sent when it is complete
	held     bool
	head     []byte // the beginning of the deltas of a text or a thought
	// after has the events of later blocks, which wait for a held one: clients append a
	// block at its start.
	after []byte
}

// StreamHeaders implements translator.Encoder.
func (c *call) StreamHeaders(facts translator.Facts) []translator.Header {
	return append([]translator.Header{{Name: "content-type", Value: "text/event-stream"}}, c.headers(facts)...)
}

// ping is an event that clients ignore. It cannot come before message_start.
const ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n"

// AppendKeepAlive implements translator.Encoder.
func (c *call) AppendKeepAlive(dst []byte) []byte {
	if c.begun {
		return append(dst, ping...)
	}
	return append(dst, sse.KeepAlive...)
}

// NewStream implements translator.Encoder.
func (c *call) NewStream(facts translator.Facts) translator.Stream {
	return &stream{call: c, facts: facts, answer: converse.NewAnswer(c.names), open: map[int]*openBlock{}}
}

// AppendEvent implements translator.Stream.
func (s *stream) AppendEvent(dst []byte, ev translator.Event) ([]byte, error) {
	if s.ended {
		return dst, nil
	}
	steps, err := s.answer.Read(ev.Kind, ev.Payload)
	return s.appendSteps(dst, steps), err
}

// AppendEnd implements translator.Stream.
func (s *stream) AppendEnd(dst []byte) []byte {
	if s.ended {
		return dst
	}
	return s.appendSteps(dst, s.answer.End())
}

// AppendError implements translator.Stream. No message_stop follows: clients would take it
// for success.
func (s *stream) AppendError(dst []byte, e *translator.Error) []byte {
	if s.ended {
		return dst
	}
	s.ended = true
	return sse.AppendEvent(dst, "error", encodeError(e))
}

// Summary implements translator.Stream.
func (s *stream) Summary() translator.Summary { return s.call.summary(s.answer) }

func (s *stream) appendSteps(dst []byte, steps []converse.Step) []byte {
	for i := range steps {
		dst = s.appendStep(dst, &steps[i])
	}
	return dst
}

func (s *stream) appendStep(dst []byte, step *converse.Step) []byte {
	switch step.Kind {
	case converse.StepStart:
		return s.appendStart(dst)
	case converse.StepUnknown:
		w := rawjson.NewWriter(len(step.Value) + 64)
		w.Text("event", step.Name)
		w.Member("payload", step.Value)
		s.unknown = append(s.unknown, w.End())
		return dst
	case converse.StepStop:
		return s.appendDelta(s.appendStart(s.release(dst)))
	case converse.StepEnd:
		s.ended = true
		return append(dst, "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"...)
	default:
		if before := s.heldBefore(step.Index); before != nil {
			before.after = s.appendBlockStep(before.after, step)
			return dst
		}
		return s.appendBlockStep(dst, step)
	}
}

// heldBefore is the last held block before a position, nil for none.
func (s *stream) heldBefore(position int) *openBlock {
	if len(s.held) == 0 || s.held[0].position >= position {
		return nil // blocks end in order
	}
	for _, b := range slices.Backward(s.held) {
		if b.position < position {
			return b
		}
	}
	return nil
}

// release sends what waits for held blocks that Bedrock has not ended.
func (s *stream) release(dst []byte) []byte {
	for len(s.held) > 0 {
		b := s.held[0]
		dst = appendBlockStart(dst, b.index, rawjson.Value(`{"type":"redacted_thinking","data":""}`))
		dst = s.appendHeld(dst, b)
	}
	return dst
}

// appendHeld ends a held block whose start was written.
func (s *stream) appendHeld(dst []byte, b *openBlock) []byte {
	for i := range s.held {
		if s.held[i] == b {
			s.held = append(s.held[:i], s.held[i+1:]...)
			break
		}
	}
	return append(appendBlockStop(dst, b.index), b.after...)
}

// appendStart begins the message, once. Bedrock counts tokens at the end of a stream;
// message_delta has the counts.
func (s *stream) appendStart(dst []byte) []byte {
	if s.call.begun {
		return dst
	}
	s.call.begun = true
	w := s.call.newMessage(s.facts, rawjson.Value("[]"), 512)
	for _, name := range []string{"stop_reason", "stop_sequence", "stop_details"} {
		w.Member(name, []byte("null"))
	}
	w.Member("usage", encodeUsage(&converse.Answer{}))
	start := rawjson.NewWriter(640)
	start.Text("type", "message_start")
	start.Member("message", w.End())
	return append(sse.AppendEvent(dst, "message_start", start.End()), ping...)
}

// appendDelta sends the stop reason and the usage. It follows Bedrock's metadata.
func (s *stream) appendDelta(dst []byte) []byte {
	delta := rawjson.NewWriter(192)
	writeStop(delta, s.answer, s.calls)
	w := rawjson.NewWriter(1024)
	w.Text("type", "message_delta")
	w.Member("delta", delta.End())
	w.Member("usage", encodeUsage(s.answer))
	w.Member("bedrock", s.call.encodeBedrock(s.answer, s.facts, s.unknown))
	return sse.AppendEvent(dst, "message_delta", w.End())
}

func appendBlockStart(dst []byte, index int, block rawjson.Value) []byte {
	dst = append(dst, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"...)
	dst = append(strconv.AppendInt(dst, int64(index), 10), `,"content_block":`...)
	return append(sse.AppendJSON(dst, block), "}\n\n"...)
}

// appendBlockDelta appends a piece, whose delta is a value behind head.
func appendBlockDelta(dst []byte, index int, head string, value rawjson.Value) []byte {
	return append(sse.AppendJSON(appendDeltaHead(dst, index, head), value), "}}\n\n"...)
}

func appendDeltaHead(dst []byte, index int, head string) []byte {
	dst = append(dst, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	dst = append(strconv.AppendInt(dst, int64(index), 10), `,"delta":`...)
	return append(dst, head...)
}

func appendBlockStop(dst []byte, index int) []byte {
	dst = append(dst, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"...)
	return append(strconv.AppendInt(dst, int64(index), 10), "}\n\n"...)
}
