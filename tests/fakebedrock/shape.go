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

// shapeWrites wraps w to split or slow down writes. It calls left if the client closes
// a connection that was hijacked from net/http.
func shapeWrites(ctx context.Context, left func(), w http.ResponseWriter, b Behaviour) http.ResponseWriter {
	if b.SlowHead > 0 {
		w = &slowWriter{ResponseWriter: w, ctx: ctx, left: left, wait: b.SlowHead}
	}
	if b.SplitWrites > 0 {
		w = &splitWriter{ResponseWriter: w, size: b.SplitWrites}
	}
	return w
}

// splitWriter flushes after every size bytes.
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

// Unwrap supports http.ResponseController.
func (w *splitWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// slowWriter hijacks the connection to write status and headers byte by byte. On
// HTTP/2, which cannot be hijacked, it has no effect.
type slowWriter struct {
	http.ResponseWriter
	ctx  context.Context //nolint:containedctx // the request's context; Write has no parameter for it
	left func()
	wait time.Duration

	conn net.Conn // nil before WriteHeader and on HTTP/2
	body io.Writer
	end  io.Closer // ends a chunked body; nil otherwise
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

// watch calls left when the client closes the connection.
func (w *slowWriter) watch() {
	_, _ = io.Copy(io.Discard, w.conn) // the error does not matter
	w.left()
}

// drip writes status and headers, with a delay before each byte.
func (w *slowWriter) drip(status int) {
	out := bufio.NewWriterSize(&dripWriter{ctx: w.ctx, wait: w.wait, to: w.conn}, 4096)
	fmt.Fprintf(out, "HTTP/1.1 %d %s\r\n", status, http.StatusText(status))
	_ = w.Header().Write(out) // writing the body fails, too
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

// FlushError supports http.ResponseController.
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

// closeSlow ends the response of a slowWriter, if w has one.
func closeSlow(w http.ResponseWriter) {
	if split, ok := w.(*splitWriter); ok {
		w = split.ResponseWriter
	}
	slow, ok := w.(*slowWriter)
	if !ok || slow.conn == nil {
		return
	}
	if slow.end != nil {
		_ = slow.end.Close() // the client may have disconnected
		_, _ = io.WriteString(slow.conn, "\r\n")
	}
	_ = slow.conn.Close() // a fault may have closed it already
}

// dripWriter writes one byte at a time.
type dripWriter struct {
	ctx  context.Context //nolint:containedctx // see slowWriter
	wait time.Duration
	to   io.Writer
}

var errLeft = errors.New("the client disconnected")

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
