package extproc

import (
	"context"
	"sync"
	"time"

	"bedrock-extproc/translator"
)

// A request body must keep coming: at least uploadMinimum bytes in each uploadWindow.
const (
	uploadWindow  = 30 * time.Second
	uploadMinimum = 64 << 10
)

// An upload is a request body on its way. One goroutine adds messages, another one
// awaits the end.
type upload struct {
	buffered bool // the body comes in one message
	max      int  // of bytes
	done     chan struct{}

	mu       sync.Mutex
	body     *body // nil discards the bytes
	received int   // bytes
	ended    bool
	err      error
}

// add adds one message. After the end of the upload it does nothing.
func (u *upload) add(msg *message) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return
	}
	isBody := msg.kind == requestBodyField
	err := u.write(msg.body)
	// A buffered body lacks end_of_stream when trailers follow, which Envoy sends only
	// after a reply.
	if err != nil || msg.kind == requestTrailersField || isBody && (msg.endOfStream || u.buffered) {
		u.finish(err)
	}
}

func (u *upload) write(part []byte) error {
	if u.received+len(part) > u.max {
		return translator.ErrTooLarge(u.max)
	}
	u.received += len(part)
	switch {
	case u.body == nil:
		return nil
	case u.buffered:
		return u.body.adopt(part)
	}
	_, err := u.body.Write(part)
	return err
}

func (u *upload) finish(err error) {
	u.ended, u.err = true, err
	close(u.done)
}

// end ends the upload with err, unless it has ended. It returns the error with which
// it has ended, or nil if the body is complete. After it, nothing is added.
func (u *upload) end(err error) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.ended {
		u.finish(err)
	}
	return u.err
}

func (u *upload) size() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.received
}

// await returns when the body is complete, when ctx ends, or with a *translator.Error
// when the body takes longer than limit or comes too slowly.
func (u *upload) await(ctx context.Context, limit time.Duration) error {
	total, window := time.NewTimer(limit), time.NewTicker(uploadWindow)
	defer total.Stop()
	defer window.Stop()
	for before := 0; ; {
		select {
		case <-u.done:
			return u.err
		case <-ctx.Done():
			return u.end(context.Cause(ctx))
		case <-total.C:
			return u.end(translator.ErrUploadTimeout(limit))
		case <-window.C:
			now := u.size()
			if now-before < uploadMinimum {
				return u.end(translator.ErrSlowUpload(uploadMinimum, uploadWindow))
			}
			before = now
		}
	}
}
