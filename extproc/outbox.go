package extproc

import (
	"context"
	"sync"

	"bedrock-extproc/translator"
)

// maxPending bounds what one stream holds for a client that reads slowly, in
// bytes; Bedrock is not read meanwhile.
const maxPending = 1 << 20

// partRoom is where a part of a stream starts to grow from, in bytes: room for a
// typical event.
const partRoom = 256

// outbox hands translated bytes from the goroutine that reads Bedrock to the one
// that sends to Envoy. Bytes that meet in it leave it together.
type outbox struct {
	limit int           // of pending bytes; 0 means none
	ready chan struct{} // holds a token while there is something to take
	taken chan struct{} // holds a token after a take

	mu sync.Mutex
	delivery
}

// delivery is what there is to send. err is set only when ended is.
type delivery struct {
	bytes  []byte
	facts  translator.Facts
	events translator.Stream // the other goroutine's until ended is set
	ended  bool
	err    error
}

func newOutbox(limit int) *outbox {
	return &outbox{limit: limit, ready: make(chan struct{}, 1), taken: make(chan struct{}, 1)}
}

// open names the call. It comes before everything but close.
func (b *outbox) open(facts translator.Facts, events translator.Stream) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.facts, b.events = facts, events
}

// add translates ev into the pending bytes. It waits while they are too many.
func (b *outbox) add(ctx context.Context, ev translator.Event) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	pending, err := b.append(ev)
	if pending > 0 {
		signal(b.ready)
	}
	for err == nil && b.limit > 0 && pending > b.limit {
		select {
		case <-b.taken:
			pending = b.pending()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return err
}

func (b *outbox) append(ev translator.Event) (pending int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bytes == nil {
		b.bytes = make([]byte, 0, partRoom)
	}
	b.bytes, err = b.events.AppendEvent(b.bytes, ev)
	return len(b.bytes), err
}

func (b *outbox) pending() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.bytes)
}

// close says that nothing follows, because of err or, if nil, because all is
// said. It is called once.
func (b *outbox) close(err error) {
	b.mu.Lock()
	b.ended, b.err = true, err
	b.mu.Unlock()
	signal(b.ready)
}

// take removes what is pending. Its bytes are the taker's: gRPC may look at a
// message after Send has returned, so that their buffer is not used again.
func (b *outbox) take() delivery {
	b.mu.Lock()
	d := b.delivery
	b.bytes = nil
	b.mu.Unlock()
	signal(b.taken)
	return d
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
