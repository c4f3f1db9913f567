package extproc

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/sse"
)

// errAnswered is the cause with which an exchange stops its own pump.
var errAnswered = errors.New("the answer is complete")

// streamed answers with live events. One goroutine, pump, reads and translates
// Bedrock's events; this one sends whatever is there, so that a slow hop merges
// events and a fast one delays none.
func (x *exchange) streamed(backend Backend, call *translator.Call) error {
	ctx, stop := context.WithCancelCause(x.ctx)
	box := newOutbox(maxPending)
	pumped := make(chan struct{})
	go func() {
		defer close(pumped)
		x.pump(ctx, box, backend, call)
	}()
	defer func() {
		stop(errAnswered)
		<-pumped
		x.events = box.take().events
		x.sum() // an answer that was cut short has its usage too
	}()
	return x.forward(box, pumped)
}

// forward sends what comes into box, and a comment when nothing does.
func (x *exchange) forward(box *outbox, pumped <-chan struct{}) error {
	silence := time.NewTimer(x.server.cfg.KeepAlive)
	defer silence.Stop()
	for {
		var ended bool
		var err error
		select {
		case <-box.ready:
			ended, err = x.deliver(box.take())
		case <-silence.C:
			// Before the first event this settles the status: from here on a
			// failure is in-band.
			err = x.sendEvents([]byte(sse.KeepAlive))
		case <-x.ctx.Done():
			<-pumped // the box is closed
			ended, err = x.deliver(box.take())
		}
		if ended || err != nil {
			return err
		}
		silence.Reset(x.server.cfg.KeepAlive)
	}
}

// pump fills box from Bedrock until the stream ends, fails or ctx ends.
func (x *exchange) pump(ctx context.Context, box *outbox, backend Backend, call *translator.Call) {
	box.close(x.try(func() error { return x.fill(ctx, box, backend, call) }))
}

func (x *exchange) fill(ctx context.Context, box *outbox, backend Backend, call *translator.Call) error {
	events, facts, err := backend.ConverseStream(ctx, call, x.req.caller)
	call.Body = nil // it is sent, and a stream may live for an hour
	facts.RequestID = x.req.requestID
	if err != nil {
		box.open(facts, nil)
		return err
	}
	box.open(facts, x.encoder.NewStream(facts))
	for ev, err := range events {
		if err == nil {
			err = box.add(ctx, ev)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// deliver sends what the pump has put together. The first bytes take the
// response headers with them: a failure before them keeps its own status.
func (x *exchange) deliver(d delivery) (ended bool, err error) {
	x.learn(d.facts)
	if !d.ended {
		return false, x.sendEvents(d.bytes)
	}
	x.events = d.events
	x.sum()
	if x.gone() {
		return true, nil
	}
	if d.err != nil && len(d.bytes) == 0 {
		return true, x.fail(d.err)
	}
	last := x.finish(d)
	if err := x.reply.begin(http.StatusOK, contentTypeSSE, -1); err != nil {
		return true, err
	}
	return true, x.reply.end(last)
}

// sendEvents sends a part of the event stream, and before the first part the
// response headers.
func (x *exchange) sendEvents(part []byte) error {
	if len(part) == 0 {
		return nil
	}
	if err := x.reply.begin(http.StatusOK, contentTypeSSE, -1); err != nil {
		return err
	}
	return x.reply.piece(part)
}

// finish completes the text of a stream that has ended: with what is owed after
// the last event or, and then without any event that spells success, with the
// failure.
func (x *exchange) finish(d delivery) []byte {
	text := d.bytes
	err := d.err
	if err == nil {
		err = x.try(func() error {
			text = x.events.AppendEnd(text)
			return nil
		})
	}
	if err == nil {
		return text
	}
	return x.appendError(text, x.explain(err))
}

// sum takes down what an ended stream has shown.
func (x *exchange) sum() {
	if x.events == nil {
		return
	}
	_ = x.try(func() error {
		x.outcome.Summary = x.events.Summary()
		return nil
	})
}

// buffered answers a streaming request in one piece, all that a filter in
// BUFFERED mode can pass on.
func (x *exchange) buffered(backend Backend, call *translator.Call) error {
	x.log.Warn("a streamed answer goes out in one piece: Envoy's ext_proc filter buffers request bodies",
		zap.String("set", "processing_mode.request_body_mode: FULL_DUPLEX_STREAMED"))
	box := newOutbox(0)
	x.pump(x.ctx, box, backend, call)
	d := box.take()
	x.learn(d.facts)
	x.events = d.events
	x.sum()
	if d.err != nil && len(d.bytes) == 0 {
		return x.fail(d.err)
	}
	if x.gone() {
		return nil
	}
	return x.reply.immediate(http.StatusOK, contentTypeSSE, x.finish(d), nil)
}
