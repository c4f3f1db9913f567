package bedrocktest

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
)

// Pipes counts the connections of a network in memory.
type Pipes struct {
	Dials atomic.Int64 // all that were opened
	Open  atomic.Int64 // those that still are
}

// network is in memory, so that synctest can tell when all is quiet.
type network struct {
	Pipes
	conns  chan net.Conn
	closed chan struct{}
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	close(n.closed)
	return nil
}

func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	theirs, ours := net.Pipe()
	select {
	case n.conns <- theirs:
		n.Dials.Add(1)
		n.Open.Add(1)
		return &countedConn{Conn: ours, pipes: &n.Pipes}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// countedConn counts itself out when it is closed.
type countedConn struct {
	net.Conn
	pipes  *Pipes
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.pipes.Open.Add(-1)
	}
	return c.Conn.Close()
}

// PipeTransport connects to h over a network in memory. The request's body is read
// before h runs; otherwise the server would not notice a client that leaves. stop ends
// both ends and must be called.
func PipeTransport(h http.HandlerFunc) (transport *http.Transport, p *Pipes, stop func()) {
	n := &network{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		h(w, r)
	})}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(n)
	}()
	transport = &http.Transport{DialContext: n.dial, DisableCompression: true, MaxIdleConnsPerHost: 1024}
	return transport, &n.Pipes, func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		<-served
	}
}
