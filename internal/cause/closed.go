package cause

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// closed matches errors of a connection that the other end gave up. Those of net/http
// have no types.
func closed(err error) bool {
	if errno(syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed)(err) {
		return true
	}
	text := err.Error()
	for _, part := range []string{"server closed idle connection", "server sent GOAWAY", "client connection lost", "stream error: ", "connection broken"} {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
