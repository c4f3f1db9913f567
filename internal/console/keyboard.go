package console

import (
	"bytes"
	"context"
	"io"
	"sync"
)

const (
	ctrlC = 0x03
	// clearLine is Ctrl-E and Ctrl-U: to the end of the line, and delete all before.
	clearLine = "\x05\x15"
	// typedAhead is the number of reads that are kept while nobody reads lines.
	typedAhead = 256
)

// Keyboard reads the keys of a terminal in raw mode, in which Ctrl-C is a key and not a
// signal. During an answer, Ctrl-C ends the answer; at a prompt, it clears the line.
type Keyboard struct {
	ctx  context.Context
	keys chan []byte
	rest []byte

	mu        sync.Mutex
	interrupt func() // nil at a prompt
}

// NewKeyboard reads in, until in ends: a terminal cannot be told to stop. Its Read fails
// when ctx ends.
func NewKeyboard(ctx context.Context, in io.Reader) *Keyboard {
	k := &Keyboard{ctx: ctx, keys: make(chan []byte, typedAhead)}
	go k.follow(in)
	return k
}

// onInterrupt calls f at Ctrl-C, until done is called.
func (k *Keyboard) onInterrupt(f func()) (done func()) {
	k.set(f)
	return func() { k.set(nil) }
}

func (k *Keyboard) set(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.interrupt = f
}

func (k *Keyboard) interruption() func() {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.interrupt
}

func (k *Keyboard) follow(in io.Reader) {
	defer close(k.keys)
	buf := make([]byte, 4096)
	for {
		n, err := in.Read(buf)
		if n > 0 && !k.pass(bytes.Clone(buf[:n])) || err != nil {
			return
		}
	}
}

// pass passes keys on to Read. What is typed during an answer waits, up to typedAhead.
func (k *Keyboard) pass(keys []byte) bool {
	if interrupt := k.interruption(); interrupt != nil {
		if bytes.IndexByte(keys, ctrlC) >= 0 {
			interrupt()
			return true
		}
		select {
		case k.keys <- keys:
		default:
		}
		return true
	}
	select {
	case k.keys <- bytes.ReplaceAll(keys, []byte{ctrlC}, []byte(clearLine)):
		return true
	case <-k.ctx.Done():
		return false
	}
}

// Read implements io.Reader.
func (k *Keyboard) Read(p []byte) (int, error) {
	if len(k.rest) == 0 {
		select {
		case keys, ok := <-k.keys:
			if !ok {
				return 0, io.EOF
			}
			k.rest = keys
		case <-k.ctx.Done():
			return 0, context.Cause(k.ctx)
		}
	}
	n := copy(p, k.rest)
	k.rest = k.rest[n:]
	return n, nil
}
