package extproc

import (
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
	box := newOutbox(maxPending)
	pumped := make(chan struct{})
	go func() {
		defer close(pumped)
		x.pump(box, backend, call)
	}()
	defer func() {
		x.cancel(errAnswered)
		<-pumped
	}()
	silence := time.NewTimer(x.server.cfg.KeepAlive)
	defer silence.Stop()
	for {
		var ended bool
		var err error
		select {
		case <-box.ready:
			ended, err = x.deliver(box.take())
		case <-silence.C:
			err = x.keepAlive()
		case <-x.ctx.Done():
			<-pumped
			ended, err = x.deliver(box.take())
		}
		if ended || err != nil {
			return err
		}
		silence.Reset(x.server.cfg.KeepAlive)
	}
}

// pump fills box from Bedrock until the stream ends, fails or ctx ends.
func (x *exchange) pump(box *outbox, backend Backend, call *translator.Call) {
	defer func() {
		if p := recover(); p != nil {
			box.close(x.recovered(p))
		}
	}()
	events, facts, err := backend.ConverseStream(x.ctx, call, x.req.caller)
	facts.RequestID = x.req.requestID
	box.open(facts, call.Encoder.NewStream(facts))
	if err != nil {
		box.close(err)
		return
	}
	for ev, err := range events {
		if err == nil {
			err = box.add(x.ctx, ev)
		}
		if err != nil {
			box.close(err)
			return
		}
	}
	box.close(nil)
}

// deliver sends what the pump has put together. The first bytes take the
// response headers with them: a failure before them keeps its own status.
func (x *exchange) deliver(d delivery) (ended bool, err error) {
	x.outcome.Facts, x.events = d.facts, d.events
	if d.ended && d.err != nil && !x.reply.begun && len(d.bytes) == 0 {
		return true, x.fail(d.err)
	}
	if !x.reply.begun {
		if err := x.reply.begin(http.StatusOK, contentTypeSSE, -1); err != nil {
			return true, err
		}
	}
	switch {
	case !d.ended:
		return false, x.reply.piece(d.bytes)
	case d.err != nil:
		return true, x.failInBand(d.bytes, d.err)
	default:
		x.outcome.Summary = d.events.Summary()
		return true, x.reply.end(d.events.AppendEnd(d.bytes))
	}
}

// failInBand ends a begun stream with an error event after what is pending. No
// event that spells success follows, and the response itself ends cleanly.
func (x *exchange) failInBand(pending []byte, err error) error {
	if x.events != nil {
		x.outcome.Summary = x.events.Summary()
	}
	if x.gone() {
		return nil
	}
	e := x.explain(err)
	x.outcome.setError(e)
	if x.events == nil {
		return x.reply.end(pending)
	}
	return x.reply.end(x.events.AppendError(pending, e))
}

// keepAlive breaks a silence. Before the first event it sends the headers, which
// settles the status: from then on failures are in-band.
func (x *exchange) keepAlive() error {
	if !x.reply.begun {
		if err := x.reply.begin(http.StatusOK, contentTypeSSE, -1); err != nil {
			return err
		}
	}
	return x.reply.piece([]byte(sse.KeepAlive))
}

// buffered answers a streaming request in one piece, all that a filter in
// BUFFERED mode can pass on.
func (x *exchange) buffered(backend Backend, call *translator.Call) error {
	x.log.Warn("a streamed answer goes out in one piece: Envoy's ext_proc filter buffers request bodies",
		zap.String("set", "processing_mode.request_body_mode: FULL_DUPLEX_STREAMED"))
	box := newOutbox(0)
	x.pump(box, backend, call)
	d := box.take()
	x.outcome.Facts, x.events = d.facts, d.events
	if d.err != nil && len(d.bytes) == 0 {
		return x.fail(d.err)
	}
	x.outcome.Summary = d.events.Summary()
	if x.gone() {
		return nil
	}
	if d.err == nil {
		return x.reply.immediate(http.StatusOK, contentTypeSSE, d.events.AppendEnd(d.bytes), nil)
	}
	e := x.explain(d.err)
	x.outcome.setError(e)
	return x.reply.immediate(http.StatusOK, contentTypeSSE, d.events.AppendError(d.bytes, e), nil)
}
