package extproc

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/translator"
)

// errAnswered is the cause with which an exchange stops its own pump.
var errAnswered = errors.New("the answer is complete")

// streamed answers with live events. A second goroutine, pump, reads and translates
// Bedrock's events; this one sends the content of the queue. A slow client gets
// several events at once, and a fast one each event without delay.
func (x *exchange) streamed(call *translator.Call) error {
	ctx, stop := context.WithCancelCause(x.ctx)
	queue := newSendQueue(maxPending, x.server.cfg.MaxAnswerBytes)
	pumped := make(chan struct{})
	go func() {
		defer close(pumped)
		x.pump(ctx, queue, call)
	}()
	defer func() {
		stop(errAnswered)
		<-pumped
		d := queue.take()
		x.events = d.events
		x.recordTokens(d)
		x.recordSummary() // an answer that was cut short has its usage too
	}()
	return x.forward(queue, pumped)
}

// forward sends the content of the queue, and a keep-alive after a silence.
func (x *exchange) forward(queue *sendQueue, pumped <-chan struct{}) error {
	silence := time.NewTimer(x.server.cfg.KeepAlive)
	defer silence.Stop()
	for {
		silent := false
		select {
		case <-queue.ready:
		case <-silence.C:
			if queue.keepAlive(x.encoder) {
				x.outcome.KeepAlives++
			}
			silent = true
		case <-x.ctx.Done():
			<-pumped // the queue is closed
		}
		if ended, err := x.deliver(queue.take(), silent); ended || err != nil {
			return err
		}
		silence.Reset(x.server.cfg.KeepAlive)
	}
}

// pump fills the queue from Bedrock until the stream ends, fails or ctx ends.
func (x *exchange) pump(ctx context.Context, queue *sendQueue, call *translator.Call) {
	queue.close(x.recoverPanic(func() error { return x.fill(ctx, queue, call) }))
}

func (x *exchange) fill(ctx context.Context, queue *sendQueue, call *translator.Call) error {
	events, facts, err := x.target.Backend.ConverseStream(ctx, call, x.target.Caller)
	x.dropBody(call)
	facts = x.complete(facts, call.Model)
	if err != nil {
		queue.fail(facts)
		return err
	}
	queue.open(facts, x.encoder)
	for ev, err := range events {
		if err == nil {
			err = queue.add(ctx, ev)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// deliver sends what the pump has queued. The response headers are sent with the
// first bytes, or after a silence: an earlier failure keeps its own status.
func (x *exchange) deliver(d delivery, silent bool) (ended bool, err error) {
	if d.facts != nil {
		x.outcome.Facts = *d.facts
	}
	x.recordTokens(d)
	if !d.ended {
		if len(d.bytes) > 0 || silent {
			err = x.sendPart(d.bytes)
		}
		return false, err
	}
	x.events = d.events
	x.recordSummary()
	if x.clientGone() {
		return true, x.abandon()
	}
	if d.err != nil && len(d.bytes) == 0 {
		return true, x.fail(d.err)
	}
	last := x.finish(d)
	if err := x.beginStream(); err != nil {
		return true, err
	}
	return true, x.endStream(last)
}

// endStream sends the last part of a stream, and cuts it off where the call asks for
// that.
func (x *exchange) endStream(last []byte) error {
	if x.cut && x.outcome.ErrorKind != "" {
		return x.reply.cut(last)
	}
	return x.reply.end(last)
}

// sendPart sends a part of the event stream, which may be empty.
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

// finish completes the bytes of a stream that has ended: with the dialect's last
// events or with the error event.
func (x *exchange) finish(d delivery) []byte {
	out := d.bytes
	err := d.err
	if err == nil {
		err = x.recoverPanic(func() error {
			out = x.events.AppendEnd(out)
			return nil
		})
	}
	if err == nil {
		return out
	}
	return x.appendError(out, x.recordFailure(err))
}

// recordSummary records the numbers of a stream that has ended.
func (x *exchange) recordSummary() {
	if x.events == nil {
		return
	}
	_ = x.recoverPanic(func() error {
		x.outcome.applySummary(x.events.Summary())
		return nil
	})
}

// recordTokens records when the content of a stream came.
func (x *exchange) recordTokens(d delivery) {
	x.outcome.StartWait = d.firstSent.Sub(d.firstEvent)
	if !d.firstToken.IsZero() {
		x.outcome.FirstToken, x.outcome.LastToken = d.firstToken.Sub(x.req.start), d.lastToken.Sub(x.req.start)
	}
}

// buffered answers a streaming request in one piece, the only way through a filter in
// BUFFERED mode.
func (x *exchange) buffered(call *translator.Call) error {
	x.log.Warn("sending a streamed answer in one piece: Envoy's ext_proc filter buffers request bodies",
		zap.String("set", "processing_mode.request_body_mode: FULL_DUPLEX_STREAMED"))
	queue := newSendQueue(0, x.server.cfg.MaxAnswerBytes)
	x.pump(x.ctx, queue, call)
	d := queue.take()
	if d.facts != nil {
		x.outcome.Facts = *d.facts
	}
	x.events = d.events
	x.recordTokens(d)
	x.recordSummary()
	if d.err != nil && len(d.bytes) == 0 {
		return x.fail(d.err)
	}
	if x.clientGone() {
		return x.abandon()
	}
	return x.reply.immediate(x.streamAnswer(x.finish(d)), nil)
}
