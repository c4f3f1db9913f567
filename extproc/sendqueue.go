package extproc

import (
	"context"
	"sync"
	"time"

	"bedrock-extproc/translator"
)

// maxPending is the number of bytes that one stream holds for a slow client. Beyond
// it, Bedrock's events wait.
const maxPending = 1 << 20

// firstPart is the initial capacity of a part of a stream, in bytes: a typical
// event.
const firstPart = 256

// sendQueue passes translated bytes from the goroutine that reads Bedrock to the one
// that sends to Envoy. Bytes that wait in it are sent together. Its lock also keeps
// the stream and the encoder's keep-alive apart.
type sendQueue struct {
	limit int           // of pending bytes; 0 means none
	max   int           // of the bytes of the whole stream
	ready chan struct{} // holds a token while there is something to take
	taken chan struct{} // holds a token after a take

	mu    sync.Mutex
	total int // bytes so far
	delivery
}

// delivery is the content of the queue. err is set only if ended is.
type delivery struct {
	bytes  []byte
	facts  *translator.Facts // nil if they are not known yet, or were taken before
	events translator.Stream // used by the reader only, until ended is set
	// firstToken and lastToken are when the first piece of content and the end of the
	// content came.
	firstToken, lastToken time.Time
	// firstEvent and firstSent are when the stream's first event came, and the first one
	// whose translation is not empty.
	firstEvent, firstSent time.Time
	ended                 bool
	err                   error
}

func newSendQueue(limit, maxBytes int) *sendQueue {
	return &sendQueue{limit: limit, max: maxBytes, ready: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// fail records the facts of a call that failed before its stream began. close comes
// next.
func (q *sendQueue) fail(facts translator.Facts) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.facts = &facts
}

// open starts the stream. It comes before everything but keepAlive and close.
func (q *sendQueue) open(facts translator.Facts, encoder translator.Encoder) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.facts = &facts
	q.events = encoder.NewStream(facts)
}

// add translates ev into the pending bytes. It waits while more than limit bytes are
// pending.
func (q *sendQueue) add(ctx context.Context, ev translator.Event) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	pending, err := q.append(ev)
	if pending > 0 {
		signal(q.ready)
	}
	for err == nil && q.limit > 0 && pending > q.limit {
		select {
		case <-q.taken:
			pending = q.pending()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return err
}

func (q *sendQueue) append(ev translator.Event) (pending int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes == nil {
		q.bytes = make([]byte, 0, firstPart)
	}
	q.recordToken(ev.Kind)
	q.recordStart()
	before := len(q.bytes)
	q.bytes, err = q.events.AppendEvent(q.bytes, ev)
	q.total += len(q.bytes) - before
	if err == nil && q.total > q.max {
		err = translator.ErrAnswerTooLarge("The translated answer", q.max)
	}
	return len(q.bytes), err
}

// recordToken takes the time of a stream's first piece of content, and of its end.
// It looks at the clock twice a stream. q is locked.
func (q *sendQueue) recordToken(kind string) {
	switch {
	case q.firstToken.IsZero() && kind == "contentBlockDelta":
		q.firstToken = time.Now()
		q.lastToken = q.firstToken
	case kind == "messageStop" && !q.firstToken.IsZero():
		q.lastToken = time.Now()
	}
}

// recordStart takes firstEvent and firstSent. It looks at the clock until there is
// something to send, in most dialects once. q is locked.
func (q *sendQueue) recordStart() {
	if q.total > 0 {
		return
	}
	q.firstSent = time.Now()
	if q.firstEvent.IsZero() {
		q.firstEvent = q.firstSent
	}
}

func (q *sendQueue) pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.bytes)
}

// close ends the stream, with success if err is nil. It is called once.
func (q *sendQueue) close(err error) {
	q.mu.Lock()
	q.ended, q.err = true, err
	q.mu.Unlock()
	signal(q.ready)
}

// take removes the pending bytes, and the facts. The caller owns them: gRPC may read a message after
// Send has returned, so the buffer is not reused.
func (q *sendQueue) take() delivery {
	q.mu.Lock()
	d := q.delivery
	q.bytes, q.facts = nil, nil
	q.mu.Unlock()
	signal(q.taken)
	return d
}

// keepAlive adds a keep-alive, unless bytes are pending or the stream has ended. It
// reports whether there is one now: some dialects have none.
func (q *sendQueue) keepAlive(encoder translator.Encoder) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.bytes) > 0 || q.ended {
		return false
	}
	q.bytes = encoder.AppendKeepAlive(q.bytes)
	return len(q.bytes) > 0
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
