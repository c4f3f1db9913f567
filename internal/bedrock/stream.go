package bedrock

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"bedrock-extproc/internal/eventstream"
	"bedrock-extproc/translator"
)

const (
	// After the last event the connection is read to its end, so that HTTP/1.1
	// can use it again, but not for longer or further than this.
	drainTime  = 100 * time.Millisecond
	drainBytes = 64 << 10
)

// errDrained ends a connection that had nothing more to say.
var errDrained = errors.New("the stream is complete")

// A stream is the answer to one ConverseStream call.
type stream struct {
	x       *exchange
	frames  *eventstream.Reader
	silence *time.Timer // runs while an event is waited for; nil is no limit

	first   translator.Event
	stopped bool // messageStop has come
	usage   bool // metadata has come after it
}

func newStream(x *exchange) *stream { return &stream{x: x, frames: eventstream.NewReader(x.stream)} }

// open reads the first event.
func (s *stream) open() error {
	if kind, _, err := mime.ParseMediaType(s.x.header.Get("Content-Type")); kind != "application/vnd.amazon.eventstream" {
		if s.x.length == 0 {
			return emptyAnswer(err)
		}
		return badAnswer("Bedrock did not answer with an event stream.", err)
	}
	var err error
	s.first, err = s.next()
	return err
}

// close gives the connection back, or cuts it when the answer was not read to its
// end.
func (s *stream) close() {
	_ = s.x.stream.Close()
	s.x.run.release()
}

// events is the sequence that ConverseStream returns.
func (s *stream) events(yield func(translator.Event, error) bool) {
	defer s.close()
	defer s.watch()()
	ev, err := s.first, error(nil)
	for err == nil {
		if !yield(ev, nil) {
			return
		}
		if s.usage {
			s.drain()
			return
		}
		ev, err = s.await()
	}
	// A cut or silence after messageStop took the token counts at most.
	cut := errors.Is(err, errCut)
	if err = s.x.explain(err); !s.stopped || !cut || context.Cause(s.x.run.ctx) != nil {
		yield(translator.Event{}, err)
	}
}

// watch sets the limit on silence up.
func (s *stream) watch() (stop func()) {
	limit := s.x.backend.limits.Silence
	if limit < 0 {
		return func() {}
	}
	s.silence = time.AfterFunc(limit, func() { s.x.cancel(&limitError{waitSilence, limit}) })
	s.silence.Stop()
	return func() { s.silence.Stop() }
}

// await is next within the limit on silence. While the client takes its time over
// an event, Bedrock is not to blame.
func (s *stream) await() (translator.Event, error) {
	if s.silence == nil {
		return s.next()
	}
	s.silence.Reset(s.x.backend.limits.Silence)
	defer s.silence.Stop()
	return s.next()
}

// drain reads on until the connection is free for the next call.
func (s *stream) drain() {
	timer := time.AfterFunc(drainTime, func() { s.x.cancel(errDrained) })
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, s.x.stream, drainBytes)
}

// errCut says that the connection ended without Bedrock having said why.
var errCut = errors.New("the connection ended")

// next reads one event. Exceptions are errors.
func (s *stream) next() (translator.Event, error) {
	msg, err := s.frames.Next()
	switch {
	case errors.Is(err, eventstream.ErrFrame):
		return translator.Event{}, badAnswer("Bedrock sent an event stream that cannot be read.", err)
	case err != nil:
		return translator.Event{}, truncated(err)
	}
	switch string(msg.Type) {
	case "event":
		return s.event(msg)
	case "exception":
		return translator.Event{}, exception(msg).describe(s.x)
	case "error":
		r := refusal{code: string(msg.ErrorCode), message: string(msg.ErrorMessage)}
		return translator.Event{}, r.describe(s.x)
	}
	return translator.Event{}, badAnswer("Bedrock sent a message of an unknown type.", nil)
}

func (s *stream) event(msg eventstream.Message) (translator.Event, error) {
	ev := translator.Event{Kind: eventKind(msg.EventType), Payload: msg.Payload}
	switch ev.Kind {
	case "":
		return ev, badAnswer("Bedrock sent an event without a type.", nil)
	case "messageStop":
		s.stopped = true
	case "metadata":
		s.usage = s.stopped
	}
	return ev, nil
}

// eventKind is string(b), without an allocation for the kinds that we know.
func eventKind(b []byte) string {
	switch string(b) {
	case "messageStart":
		return "messageStart"
	case "contentBlockStart":
		return "contentBlockStart"
	case "contentBlockDelta":
		return "contentBlockDelta"
	case "contentBlockStop":
		return "contentBlockStop"
	case "messageStop":
		return "messageStop"
	case "metadata":
		return "metadata"
	}
	return string(b)
}

// truncated is the error of a stream that ended too early.
func truncated(err error) *translator.Error {
	return &translator.Error{
		Status:    http.StatusBadGateway,
		Kind:      translator.KindTruncated,
		Message:   "The connection to Bedrock ended before the answer was complete.",
		Retryable: true,
		Cause:     errors.Join(errCut, err),
	}
}
