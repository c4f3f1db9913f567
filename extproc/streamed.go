package extproc

import (
	"errors"
	"net/http"
	"slices"

	"go.uber.org/zap"

	"bedrock-extproc/translator"
)

// streamed answers with live events.
func (x *exchange) streamed(call *translator.Call) error {
	live := x.newLive()
	err := x.recoverPanic(func() error { return live.run(call) })
	live.stop()
	live.end()
	switch {
	case errors.Is(err, errEndOfRPC):
		return err
	case x.clientGone():
		return x.abandon()
	case live.unanswered(err):
		return x.fail(err)
	}
	last := live.finish(err)
	if err := x.beginStream(); err != nil {
		return err
	}
	return x.endStream(last)
}

// endStream sends the last part of a stream, and cuts it off where the call asks for
// that.
func (x *exchange) endStream(last []byte) error {
	if x.cut && x.outcome.ErrorKind != "" {
		return x.reply.cut(last)
	}
	return x.reply.end(last)
}

// sendPart sends a part of the event stream, which may be empty. The response headers are
// sent with the first part: an earlier failure keeps its own status.
func (x *exchange) sendPart(part []byte) error {
	if err := x.beginStream(); err != nil || len(part) == 0 {
		return err
	}
	return x.reply.piece(part)
}

// beginStream sends the response headers, unless they are sent already.
func (x *exchange) beginStream() error {
	if x.reply.begun {
		return nil
	}
	if err := x.reply.begin(x.streamAnswer(nil), -1); err != nil {
		return err
	}
	x.open.enter(PhaseAnswering, &x.outcome)
	return nil
}

// streamAnswer is a streamed answer with that body. Proxies on the way may neither
// hold back, store nor recompress its events.
func (x *exchange) streamAnswer(body []byte) translator.Response {
	return translator.Response{
		Status: http.StatusOK,
		Headers: append(slices.Clip(x.encoder.StreamHeaders(x.outcome.Facts)),
			translator.Header{Name: "cache-control", Value: "no-cache, no-transform"},
			translator.Header{Name: "x-accel-buffering", Value: "no"}),
		Body: body,
	}
}

// buffered answers a streaming request in one piece, the only way through a filter in
// BUFFERED mode.
func (x *exchange) buffered(call *translator.Call) error {
	x.log.Warn("sending a streamed answer in one piece: Envoy's ext_proc filter buffers request bodies",
		zap.String("set", "processing_mode.request_body_mode: FULL_DUPLEX_STREAMED"))
	whole := &liveStream{x: x}
	err := x.recoverPanic(func() error { return whole.run(call) })
	whole.end()
	switch {
	case whole.unanswered(err):
		return x.fail(err)
	case x.clientGone():
		return x.abandon()
	}
	return x.reply.immediate(x.streamAnswer(whole.finish(err)), nil)
}
