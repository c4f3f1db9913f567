package responses

import (
	"strconv"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
	"bedrock-extproc/translator/sse"
)

// stream implements translator.Stream.
type stream struct {
	call     *call
	facts    translator.Facts
	answer   *converse.Answer
	answerID string
	items    []*openItem
	of       map[int]*openItem // by the position of a block
	sequence int               // the number of events so far
	unknown  []rawjson.Value   // events
	begun    bool              // response.created was written
	ended    bool              // the last event was written
}

// StreamHeaders implements translator.Encoder.
func (c *call) StreamHeaders(translator.Facts) []translator.Header {
	return []translator.Header{{Name: "content-type", Value: "text/event-stream"}, converse.WarningsHeader(c.warnings)}
}

// AppendKeepAlive implements translator.Encoder: an SSE comment.
func (*call) AppendKeepAlive(dst []byte) []byte { return append(dst, sse.KeepAlive...) }

// NewStream implements translator.Encoder.
func (c *call) NewStream(facts translator.Facts) translator.Stream {
	id, _ := openaiapi.AnswerID(facts)
	return &stream{call: c, facts: facts, answer: converse.NewAnswer(c.names), answerID: id, of: map[int]*openItem{}}
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

// AppendError implements translator.Stream. The event has the response in the state
// failed, which Codex reads, and beside it the member error, for which OpenAI's SDKs raise
// an error.
func (s *stream) AppendError(dst []byte, e *translator.Error) []byte {
	if s.ended {
		return dst
	}
	dst = s.appendBegin(dst)
	s.ended = true
	w := s.call.newResponse(s.facts, failed, s.output(), s.answer.Blocks)
	w.Member("error", failure(e))
	w.Member("incomplete_details", []byte("null"))
	w.Member("usage", []byte("null"))
	event := s.newEvent("response." + failed)
	event.Member("response", w.End())
	openaiapi.WriteError(event, e)
	return sse.AppendEvent(dst, "response."+failed, event.End())
}

// failure is the error in a response, whose codes are fewer than those of error bodies.
func failure(e *translator.Error) rawjson.Value {
	class, code := openaiapi.Classify(e)
	switch {
	case class == "server_error":
		code = class
	case class == "invalid_request_error" && code != "context_length_exceeded":
		code = "invalid_prompt"
	}
	w := rawjson.NewWriter(256)
	w.Text("code", code)
	w.Text("message", openaiapi.Message(e))
	return w.End()
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
		return s.appendBegin(dst)
	case converse.StepText:
		return s.appendText(dst, step)
	case converse.StepReasoning:
		return s.appendReasoning(dst, step)
	case converse.StepToolStart:
		if s.call.withheld == nil {
			dst, _ = s.appendCallStart(dst, step.Index, step.Call)
		}
	case converse.StepToolInput:
		return s.appendToolInput(dst, step)
	case converse.StepBlock:
		return s.appendBlock(dst, step)
	case converse.StepUnknown:
		s.unknown = append(s.unknown, openaiapi.EncodeUnknown(step))
	case converse.StepStop:
		return s.appendClosed(dst)
	case converse.StepEnd:
		return s.appendEnd(dst)
	case converse.StepCitation: // it may be all that the part has
		dst, _ = s.appendPart(dst, step.Index)
	case converse.StepPiece: // only content_blocks has such blocks
	}
	return dst
}

// appendBegin begins the response, once.
func (s *stream) appendBegin(dst []byte) []byte {
	if s.begun {
		return dst
	}
	s.begun = true
	for _, name := range []string{"response.created", "response." + inProgress} {
		w := s.call.newResponse(s.facts, inProgress, nil, nil)
		for _, later := range []string{"error", "incomplete_details", "usage"} {
			w.Member(later, []byte("null"))
		}
		event := s.newEvent(name)
		event.Member("response", w.End())
		dst = sse.AppendEvent(dst, name, event.End())
	}
	return dst
}

// appendEnd completes the response.
func (s *stream) appendEnd(dst []byte) []byte {
	s.ended = true
	state, _ := status(s.answer)
	event := s.newEvent("response." + state)
	event.Member("response", s.call.encodeResponse(s.answer, s.facts, s.output(), s.unknown))
	return sse.AppendEvent(dst, "response."+state, event.End())
}

// output are the items that have ended.
func (s *stream) output() []item {
	var all []item
	for _, it := range s.items {
		if it.open == 0 {
			all = append(all, it.item)
		}
	}
	return all
}

// newEvent starts an event that is written seldom.
func (s *stream) newEvent(name string) *rawjson.Writer {
	w := rawjson.NewWriter(512)
	w.Text("type", name)
	w.Int("sequence_number", s.sequence)
	s.sequence++
	return w
}

// appendHead starts an event about an item. The caller appends more members and endOfEvent.
func (s *stream) appendHead(dst []byte, name string, it *openItem) []byte {
	dst = append(append(append(dst, "event: "...), name...), "\ndata: {\"type\":\""...)
	dst = append(append(dst, name...), `","sequence_number":`...)
	dst = strconv.AppendInt(dst, int64(s.sequence), 10)
	s.sequence++
	return append(dst, it.place...)
}

const endOfEvent = "}\n\n"

// appendMember appends a member of an event.
func appendMember(dst []byte, name string, value rawjson.Value) []byte {
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	return sse.AppendJSON(dst, value)
}

func appendNumber(dst []byte, name string, n int) []byte {
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	return strconv.AppendInt(dst, int64(n), 10)
}
