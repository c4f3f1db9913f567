package extproc

import (
	"context"
	"errors"
	"sync"
	"time"

	"bedrock-extproc/translator"
)

// firstPart is the initial capacity of a part of a stream, in bytes: a typical
// event.
const firstPart = 256

// A liveStream translates and sends the events of a stream as they come. While it waits for
// the first or the next one, a timer sends keep-alives. Events that Bedrock has sent
// together are sent together, and a client that reads slowly slows Bedrock down.
type liveStream struct {
	x       *exchange
	silence *time.Timer // of keepAlive; nil for an answer in one piece

	// mu keeps the timer and the exchange's goroutine apart. Until over is set, it guards
	// the exchange's outcome, encoder and replier, too.
	mu       sync.Mutex
	over     bool
	lastSent time.Time
	pending  []byte // translated, and not sent
	total    int    // bytes so far

	// firstToken and lastToken are when the first piece of content and the end of the
	// content came.
	firstToken, lastToken time.Time
	// firstEvent and firstSent are when the stream's first event came, and the first one
	// whose translation is not empty.
	firstEvent, firstSent time.Time
}

// newLive starts the keep-alives, which stop must end.
func (x *exchange) newLive() *liveStream {
	l := &liveStream{x: x, lastSent: time.Now()}
	l.silence = time.AfterFunc(time.Hour, l.keepAlive)
	l.silence.Reset(x.server.cfg.KeepAlive) // after the field is set, which keepAlive reads
	return l
}

// stop ends the keep-alives.
func (l *liveStream) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.silence != nil {
		l.silence.Stop()
	}
}

// keepAlive sends a keep-alive if nothing was sent for long enough. Some dialects have none:
// the first silence sends the response headers.
func (l *liveStream) keepAlive() {
	if !l.mu.TryLock() { // something is being sent
		l.silence.Reset(l.x.server.cfg.KeepAlive)
		return
	}
	defer l.mu.Unlock()
	if l.over {
		return
	}
	wait := l.x.server.cfg.KeepAlive - time.Since(l.lastSent)
	if wait <= 0 && len(l.pending) == 0 {
		// Without its client, the exchange ends by itself.
		if err := l.x.recoverPanic(l.sendKeepAlive); errors.Is(err, errPanic) {
			l.x.cancel(err)
			return
		}
		wait = l.x.server.cfg.KeepAlive
	}
	l.silence.Reset(max(wait, time.Millisecond))
}

func (l *liveStream) sendKeepAlive() error {
	part := l.x.encoder.AppendKeepAlive(nil)
	if len(part) > 0 {
		l.x.outcome.KeepAlives++
	}
	return l.send(part)
}

// run makes the call and sends its events until the stream ends or fails. The last ones
// may be pending.
func (l *liveStream) run(call *translator.Call) error {
	x := l.x
	events, facts, err := x.target.Backend.ConverseStream(x.ctx, call, x.target.Caller)
	x.dropBody(call)
	l.begin(x.complete(facts, call.Model), err == nil)
	if err != nil {
		return err
	}
	for ev, err := range events {
		if err == nil {
			err = l.add(ev)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// begin records the facts of a call, and starts the translation of its answer.
func (l *liveStream) begin(facts translator.Facts, answered bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.x.outcome.Facts = facts
	if answered {
		l.x.events = l.x.encoder.NewStream(facts)
	}
}

// add translates an event and sends what is pending, unless the next event is there already.
func (l *liveStream) add(ev translator.Event) error {
	if err := context.Cause(l.x.ctx); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.translate(ev); err != nil {
		return err
	}
	if l.silence == nil || len(l.pending) == 0 || ev.More && len(l.pending) < pieceBytes {
		return nil
	}
	err := l.send(l.pending)
	l.pending = l.pending[:0]
	if cap(l.pending) > pieceBytes {
		l.pending = nil
	}
	return err
}

// send sends a part, which may be empty.
func (l *liveStream) send(part []byte) error {
	l.recordTimes()
	err := l.x.sendPart(part)
	l.lastSent = time.Now()
	if err != nil {
		l.x.cancel(errClientGone) // Bedrock's events end for this reason
	}
	return err
}

func (l *liveStream) translate(ev translator.Event) (err error) {
	if l.pending == nil {
		l.pending = make([]byte, 0, firstPart)
	}
	l.recordToken(ev.Kind)
	l.recordStart()
	before := len(l.pending)
	l.pending, err = l.x.events.AppendEvent(l.pending, ev)
	l.total += len(l.pending) - before
	if err == nil && l.total > l.x.server.cfg.MaxAnswerBytes {
		err = translator.ErrAnswerTooLarge("The translated answer", l.x.server.cfg.MaxAnswerBytes)
	}
	return err
}

// recordToken takes the time of a stream's first piece of content, and of its end.
// It looks at the clock twice a stream.
func (l *liveStream) recordToken(kind string) {
	switch {
	case l.firstToken.IsZero() && kind == "contentBlockDelta":
		l.firstToken = time.Now()
		l.lastToken = l.firstToken
	case kind == "messageStop" && !l.firstToken.IsZero():
		l.lastToken = time.Now()
	}
}

// recordStart takes firstEvent and firstSent. It looks at the clock until there is
// something to send, in most dialects once.
func (l *liveStream) recordStart() {
	if l.total > 0 {
		return
	}
	l.firstSent = time.Now()
	if l.firstEvent.IsZero() {
		l.firstEvent = l.firstSent
	}
}

// end records the numbers of a stream that is over. Those of one that was cut short are
// recorded, too.
func (l *liveStream) end() {
	l.recordTimes()
	if l.x.events == nil {
		return
	}
	_ = l.x.recoverPanic(func() error {
		l.x.outcome.applySummary(l.x.events.Summary())
		return nil
	})
}

func (l *liveStream) recordTimes() {
	o, start := &l.x.outcome, l.x.req.start
	o.StartWait = l.firstSent.Sub(l.firstEvent)
	if !l.firstToken.IsZero() {
		o.FirstToken, o.LastToken = l.firstToken.Sub(start), l.lastToken.Sub(start)
	}
}

// finish completes the bytes that are pending when a stream has ended with err: with the
// dialect's last events or with the error event.
func (l *liveStream) finish(err error) []byte {
	out := l.pending
	if err == nil {
		err = l.x.recoverPanic(func() error {
			out = l.x.events.AppendEnd(out)
			return nil
		})
	}
	if err == nil {
		return out
	}
	return l.x.appendError(out, l.x.recordFailure(err))
}

// unanswered reports whether err is all there is to send.
func (l *liveStream) unanswered(err error) bool { return err != nil && len(l.pending) == 0 }
