package native

import (
	"bedrock-extproc/internal/eventstream"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

const contentTypeStream = "application/vnd.amazon.eventstream"

// stream implements translator.Stream.
type stream struct {
	call   *call
	answer *converse.Answer
	event  [3]eventstream.Header // those of an event without a frame; the first is its type
}

// StreamHeaders implements translator.Encoder.
func (c *call) StreamHeaders(facts translator.Facts) []translator.Header {
	return append([]translator.Header{{Name: "content-type", Value: contentTypeStream}}, c.headers(facts)...)
}

// AppendKeepAlive implements translator.Encoder. An event stream has no comments, and an
// event that Bedrock does not send would reach the client's program.
func (*call) AppendKeepAlive(dst []byte) []byte { return dst }

// NewStream implements translator.Encoder.
func (c *call) NewStream(translator.Facts) translator.Stream {
	return &stream{call: c, answer: converse.NewAnswer(converse.Names{}), event: [3]eventstream.Header{
		{Name: ":event-type"}, {Name: ":content-type", Value: contentTypeJSON}, {Name: ":message-type", Value: "event"},
	}}
}

// maxPayload and maxKind keep frames within the bounds of eventstream.AppendMessage, with
// room for the headers.
const (
	maxPayload = eventstream.MaxFrame - 1<<10
	maxKind    = 256
)

// AppendEvent implements translator.Stream: the event's frame as it came, or a frame with its
// payload.
func (s *stream) AppendEvent(dst []byte, ev translator.Event) ([]byte, error) {
	if ev.Kind == "" { // the SDKs cannot read a frame with an empty type
		return dst, translator.ErrBadAnswer(translator.AnswerEventType, nil)
	}
	if err := s.answer.Pass(ev.Kind, ev.Payload); err != nil {
		return dst, err
	}
	if ev.Frame != nil {
		return append(dst, ev.Frame...), nil
	}
	if len(ev.Kind) > maxKind || len(ev.Payload) > maxPayload {
		return dst, translator.ErrBadAnswer(translator.AnswerEvent, nil)
	}
	s.event[0].Value = ev.Kind
	return eventstream.AppendMessage(dst, s.event[:], ev.Payload), nil
}

// AppendEnd implements translator.Stream: Bedrock's last event is the last one.
func (*stream) AppendEnd(dst []byte) []byte { return dst }

// AppendError implements translator.Stream: an exception frame, which ends the stream.
func (*stream) AppendError(dst []byte, e *translator.Error) []byte {
	return eventstream.AppendMessage(dst, []eventstream.Header{
		{Name: ":exception-type", Value: exceptionOf(e).streamed},
		{Name: ":content-type", Value: contentTypeJSON},
		{Name: ":message-type", Value: "exception"},
	}, errorBody(e))
}

// Summary implements translator.Stream.
func (s *stream) Summary() translator.Summary { return s.call.summary(s.answer) }
