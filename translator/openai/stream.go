package openai

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
	call   *call
	facts  translator.Facts
	answer *converse.Answer
	// begin and end are a chunk's bytes around its delta.
	begin, end []byte
	open       map[int]*openCall // by the block's position
	calls      int               // the tool calls that were begun
	length     int               // of the text that was sent, in characters
	starts     map[int]int       // where the text of a block begins in it
	unknown    []rawjson.Value   // events
	ended      bool              // the last event was written
}

// openCall is a tool call that was begun.
type openCall struct {
	index int  // among the tool calls
	some  bool // a piece of the arguments was sent
	whole bool // the arguments are sent when they are complete
}

// StreamHeaders implements translator.Encoder.
func (c *call) StreamHeaders(translator.Facts) []translator.Header {
	return []translator.Header{{Name: "content-type", Value: "text/event-stream"}, converse.WarningsHeader(c.warnings)}
}

// AppendKeepAlive implements translator.Encoder: an SSE comment.
func (*call) AppendKeepAlive(dst []byte) []byte { return append(dst, sse.KeepAlive...) }

// NewStream implements translator.Encoder.
func (c *call) NewStream(facts translator.Facts) translator.Stream {
	head := c.newObject("chat.completion.chunk", facts, 256).End()
	begin := sse.AppendJSON([]byte("data: "), head[:len(head)-1])
	return &stream{
		call: c, facts: facts, answer: converse.NewAnswer(c.names), open: map[int]*openCall{}, starts: map[int]int{},
		begin: append(begin, `,"choices":[{"index":0,"delta":`...),
		end:   append(c.appendNoUsage([]byte(`,"logprobs":null,"finish_reason":null}]`)), "}\n\n"...),
	}
}

// appendNoUsage is what each chunk but the last says about usage.
func (c *call) appendNoUsage(dst []byte) []byte {
	if c.includeUsage {
		return append(dst, `,"usage":null`...)
	}
	return dst
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
	dst = s.appendSteps(dst, s.answer.End())
	s.ended = true
	return append(dst, "data: [DONE]\n\n"...)
}

// AppendError implements translator.Stream. Clients raise an error for data with a member
// error, and take [DONE] for success.
func (s *stream) AppendError(dst []byte, e *translator.Error) []byte {
	if s.ended {
		return dst
	}
	s.ended = true
	return sse.AppendData(dst, openaiapi.ErrorBody(e))
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
		return s.appendDelta(dst, []byte(`{"role":"assistant","content":""}`))
	case converse.StepText:
		s.begun(step.Index)
		s.length += openaiapi.Characters(step.Value)
		return s.appendPiece(dst, `{"content":`, step.Value, `}`)
	case converse.StepReasoning:
		if step.Name == "text" && rawjson.Kind(step.Value) == '"' {
			return s.appendPiece(dst, `{"reasoning_content":`, step.Value, `}`)
		}
	case converse.StepToolStart:
		return s.appendToolStart(dst, step)
	case converse.StepToolInput:
		return s.appendToolInput(dst, step)
	case converse.StepBlock:
		if step.Block.Call != nil {
			return s.appendCall(dst, step)
		}
	case converse.StepUnknown:
		s.unknown = append(s.unknown, openaiapi.EncodeUnknown(step))
	case converse.StepStop:
		return s.appendFinish(s.appendLists(dst))
	case converse.StepEnd:
		return s.appendUsage(dst)
	case converse.StepCitation:
		s.begun(step.Index)
	case converse.StepPiece: // StepBlock has its content
	}
	return dst
}

// begun records where the text of a block begins.
func (s *stream) begun(block int) {
	if _, ok := s.starts[block]; !ok {
		s.starts[block] = s.length
	}
}

// appendPiece appends a chunk whose delta is a value between before and after.
func (s *stream) appendPiece(dst []byte, before string, value rawjson.Value, after string) []byte {
	dst = append(dst, s.begin...)
	dst = append(dst, before...)
	dst = sse.AppendJSON(dst, value)
	dst = append(dst, after...)
	return append(dst, s.end...)
}

func (s *stream) appendDelta(dst []byte, delta rawjson.Value) []byte {
	return s.appendPiece(dst, "", delta, "")
}

// appendFinish appends the chunk with the finish reason. It follows Bedrock's metadata, and
// so can carry them: clients do not expect a chunk without choices.
func (s *stream) appendFinish(dst []byte) []byte {
	dst = append(dst, s.begin...)
	dst = append(dst, `{},"logprobs":null,"finish_reason":"`...)
	dst = append(dst, finishReason(s.answer, s.calls)...)
	dst = append(dst, `"}]`...)
	if tier := openaiapi.ServiceTier(s.answer); tier != nil {
		dst = sse.AppendJSON(append(dst, `,"service_tier":`...), tier)
	}
	dst = s.call.appendNoUsage(dst)
	dst = append(dst, `,"bedrock":`...)
	dst = sse.AppendJSON(dst, openaiapi.EncodeBedrock(s.answer, s.facts, s.call.warnings, s.unknown))
	return append(dst, "}\n\n"...)
}

// appendUsage appends the usage for clients that asked for it. Others may not expect
// its empty choices.
func (s *stream) appendUsage(dst []byte) []byte {
	usage := encodeUsage(s.answer)
	if !s.call.includeUsage || usage == nil {
		return dst
	}
	w := s.call.newObject("chat.completion.chunk", s.facts, 512)
	w.Member("choices", []byte("[]"))
	w.Member("usage", usage)
	return sse.AppendData(dst, w.End())
}

// appendIndex appends the index of a tool call.
func appendIndex(dst []byte, index int) []byte {
	return strconv.AppendInt(append(dst, `{"tool_calls":[{"index":`...), int64(index), 10)
}
