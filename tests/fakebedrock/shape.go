package fakebedrock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"time"
)

// shape wraps w so that bytes leave as the behaviour says.
// left is called when the client leaves a connection that net/http no longer has.
func shape(ctx context.Context, left func(), w http.ResponseWriter, b Behaviour) http.ResponseWriter {
	if b.SlowHead > 0 {
		w = &slowWriter{ResponseWriter: w, ctx: ctx, left: left, wait: b.SlowHead}
	}
	if b.SplitWrites > 0 {
		w = &splitWriter{ResponseWriter: w, size: b.SplitWrites}
	}
	return w
}

// splitWriter flushes after so many bytes.
type splitWriter struct {
	http.ResponseWriter
	size int
}

// Write implements io.Writer.
func (w *splitWriter) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		piece := p[:min(w.size, len(p))]
		m, err := w.ResponseWriter.Write(piece)
		n += m
		if err != nil {
			return n, err
		}
		if err := http.NewResponseController(w.ResponseWriter).Flush(); err != nil {
			return n, err
		}
		p = p[len(piece):]
	}
	return n, nil
}

// Unwrap lets http.ResponseController reach the connection.
func (w *splitWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// slowWriter takes the connection from net/http to write the status and headers
// byte by byte. On HTTP/2, where that is not possible, it changes nothing.
type slowWriter struct {
	http.ResponseWriter
	ctx  context.Context //nolint:containedctx // of the request, for the waits of a Writer
	left func()
	wait time.Duration

	conn net.Conn // nil before the head, and when there is none to take
	body io.Writer
	end  io.Closer // of a chunked body
}

// WriteHeader implements http.ResponseWriter.
func (w *slowWriter) WriteHeader(status int) {
	length := w.Header().Get("Content-Length")
	conn, _, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.conn, w.body = conn, conn
	go w.watch() // ends when closeSlow closes the connection
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	w.Header().Set("Connection", "close")
	if length == "" {
		w.Header().Set("Transfer-Encoding", "chunked")
		chunks := httputil.NewChunkedWriter(conn)
		w.body, w.end = chunks, chunks
	}
	w.drip(status)
}

// watch notices that the client leaves.
func (w *slowWriter) watch() {
	_, _ = io.Copy(io.Discard, w.conn) // any end is an end
	w.left()
}

// drip writes the head, waiting before each byte.
func (w *slowWriter) drip(status int) {
	out := bufio.NewWriterSize(&dripWriter{ctx: w.ctx, wait: w.wait, to: w.conn}, 4096)
	fmt.Fprintf(out, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	_ = w.Header().Write(out) // the body's writes fail, too
	fmt.Fprint(out, "\r\n")
	_ = out.Flush()
}

// Write implements io.Writer.
func (w *slowWriter) Write(p []byte) (int, error) {
	if w.conn == nil {
		return w.ResponseWriter.Write(p)
	}
	return w.body.Write(p)
}

// FlushError implements what http.ResponseController looks for.
func (w *slowWriter) FlushError() error {
	if w.conn == nil {
		return http.NewResponseController(w.ResponseWriter).Flush()
	}
	return nil
}

// Hijack implements http.Hijacker.
func (w *slowWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.conn == nil {
		return http.NewResponseController(w.ResponseWriter).Hijack()
	}
	conn := w.conn
	w.end = nil
	return conn, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)), nil
}

// closeSlow ends a response that a slowWriter took over.
func closeSlow(w http.ResponseWriter) {
	if split, ok := w.(*splitWriter); ok {
		w = split.ResponseWriter
	}
	slow, ok := w.(*slowWriter)
	if !ok || slow.conn == nil {
		return
	}
	if slow.end != nil {
		_ = slow.end.Close() // the client may have left
		_, _ = io.WriteString(slow.conn, "\r\n")
	}
	_ = slow.conn.Close() // it may be closed by a fault already
}

// dripWriter writes a byte at a time.
type dripWriter struct {
	ctx  context.Context //nolint:containedctx // see slowWriter
	wait time.Duration
	to   io.Writer
}

var errLeft = errors.New("the client left")

// Write implements io.Writer.
func (w *dripWriter) Write(p []byte) (int, error) {
	for i := range p {
		if !wait(w.ctx, w.wait) {
			return i, errLeft
		}
		if _, err := w.to.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}
