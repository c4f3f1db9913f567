package converseapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"time"

	"bedrock-extproc/internal/eventstream"
	"bedrock-extproc/translator"
)

const (
	// After the last event the connection is read to its end, so that HTTP/1.1 can
	// use it again, within these bounds.
	drainTime  = 100 * time.Millisecond
	drainBytes = 64 << 10

	// metadataWait is how long a complete answer waits for its token counts.
	metadataWait = 5 * time.Second
)

// A stream is the answer to one ConverseStream call.
type stream struct {
	attempt *attempt
	callCtx context.Context // the caller's: its end matters even to a complete answer
	ctx     context.Context // of the attempt, from callCtx
	cancel  context.CancelCauseFunc

	frames  *eventstream.Reader
	silence *time.Timer // runs while waiting for an event; nil means no limit

	first           translator.Event
	messageStopSeen bool
	metadataSeen    bool
}

// open makes the call and reads the first event. After an error the body is closed.
func (s *stream) open() error {
	a := s.attempt
	defer CancelAfter(a.client.cfg.FirstEvent, "the first event of the stream", s.cancel)()
	err := a.do(s.ctx, opConverseStream)
	if err != nil {
		return err
	}
	if err = s.checkType(); err == nil {
		s.frames = eventstream.NewReader(a.streamBody)
		s.first, err = s.next()
	}
	if err != nil {
		_ = a.streamBody.Close()
	}
	return err
}

// checkType rejects a 2xx answer that is not an event stream.
func (s *stream) checkType() error {
	kind, _, err := mime.ParseMediaType(s.attempt.header.Get("Content-Type"))
	switch {
	case kind == "application/vnd.amazon.eventstream":
		return nil
	case s.attempt.streamLen == 0:
		return translator.ErrBadAnswer(translator.AnswerEmpty, err)
	}
	return translator.ErrBadAnswer(translator.AnswerNoStream, err)
}

// close returns the connection to the transport, or cuts it if the answer was not
// read to its end.
func (s *stream) close() {
	_ = s.attempt.streamBody.Close()
	s.cancel(errStreamOver)
}

// events is the sequence that ConverseStream returns.
func (s *stream) events(yield func(translator.Event, error) bool) {
	defer s.close()
	defer s.limitSilence()()
	ev, err := s.first, error(nil)
	for err == nil {
		if !yield(ev, nil) {
			return
		}
		if s.messageStopSeen && s.metadataSeen {
			s.drain()
			return
		}
		ev, err = s.await()
	}
	// A cut connection or silence after messageStop costs no more than the token counts.
	if s.messageStopSeen && errors.Is(err, errCut) && context.Cause(s.callCtx) == nil {
		return
	}
	yield(translator.Event{}, s.attempt.clientError(s.ctx, err))
}

// limitSilence prepares the timer of Config.Silence.
func (s *stream) limitSilence() (stop func()) {
	limit := s.attempt.client.cfg.Silence
	if limit <= 0 {
		return func() {}
	}
	s.silence = time.AfterFunc(limit, func() { s.cancel(&TimeoutError{"the next event of the stream", limit}) })
	s.silence.Stop()
	return func() { s.silence.Stop() }
}

// await is next with a time limit: Config.Silence, or metadataWait for the metadata
// of a complete answer. The time that the client takes for an event does not count.
func (s *stream) await() (translator.Event, error) {
	if s.messageStopSeen {
		defer CancelAfter(metadataWait, "the stream's metadata", s.cancel)()
		return s.next()
	}
	if s.silence == nil {
		return s.next()
	}
	s.silence.Reset(s.attempt.client.cfg.Silence)
	defer s.silence.Stop()
	return s.next()
}

// drain reads on until the transport can use the connection again.
func (s *stream) drain() {
	timer := time.AfterFunc(drainTime, func() { s.cancel(errStreamOver) })
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, s.attempt.streamBody, drainBytes)
}

// errCut is wrapped by the error of a connection that ended without an exception.
var errCut = errors.New("the connection ended")

// next reads one event. An exception is an error.
func (s *stream) next() (translator.Event, error) {
	msg, err := s.frames.Next()
	switch {
	case errors.Is(err, eventstream.ErrFrame):
		return translator.Event{}, translator.ErrBadAnswer(translator.AnswerFrame, err)
	case err != nil:
		return translator.Event{}, cut(translator.ErrTruncated(errors.Join(errCut, err)))
	}
	switch string(msg.Type) {
	case "event":
		return s.event(msg)
	case "exception":
		return translator.Event{}, s.attempt.awsError(exception(msg))
	case "error":
		return translator.Event{}, s.attempt.awsError(awsError{code: string(msg.ErrorCode), message: string(msg.ErrorMessage)})
	}
	return translator.Event{}, translator.ErrBadAnswer(translator.AnswerMessageType, nil)
}

func (s *stream) event(msg eventstream.Message) (translator.Event, error) {
	ev := translator.Event{Kind: eventKind(msg.EventType), Payload: msg.Payload, Frame: msg.Frame, More: s.frames.Buffered()}
	switch ev.Kind {
	case "":
		return ev, translator.ErrBadAnswer(translator.AnswerEventType, nil)
	case "messageStop":
		s.messageStopSeen = true
	case "metadata":
		s.metadataSeen = true
	}
	return ev, nil
}

// eventKind is string(b), without an allocation for the known kinds.
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
