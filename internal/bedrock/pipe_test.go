package bedrock

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

// pipes is a network in memory, so that synctest can tell when all is quiet.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	dials  atomic.Int64
	open   atomic.Int64
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.closed)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	theirs, ours := net.Pipe()
	select {
	case p.conns <- theirs:
		p.dials.Add(1)
		p.open.Add(1)
		return &countedConn{Conn: ours, pipes: p}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// countedConn counts itself out when it is closed.
type countedConn struct {
	net.Conn
	pipes  *pipes
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.pipes.open.Add(-1)
	}
	return c.Conn.Close()
}

// overPipes returns a backend whose Bedrock is h. The request's body is read
// before h runs, or its server would not notice a client that leaves. stop ends
// both ends of the network.
func overPipes(t testing.TB, h http.HandlerFunc) (b *Backend, p *pipes, stop func()) {
	t.Helper()
	transport, p, stop := pipeTransport(h)
	return newTestBackend(t, Config{RoundTripper: transport}, "http://bedrock.test"), p, stop
}

// pairOverPipes is overPipes for the configuration of two backends, a and b, at
// http://a.test and http://b.test, of which b is the fallback of a.
func pairOverPipes(t testing.TB, cfg Config, h http.HandlerFunc) (a, b *Backend, stop func()) {
	t.Helper()
	cfg.RoundTripper, _, stop = pipeTransport(h)
	if cfg.Backends == nil {
		cfg.Backends = []BackendConfig{{}, {}}
	}
	cfg.Backends[0].Name, cfg.Backends[0].Region, cfg.Backends[0].EndpointURL = "a", "us-west-2", "http://a.test"
	cfg.Backends[1].Name, cfg.Backends[1].Region, cfg.Backends[1].EndpointURL = "b", "eu-west-1", "http://b.test"
	cfg.Backends[0].Fallback = []string{"b"}
	bs, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return bs.byName["a"], bs.byName["b"], stop
}

// pipeTransport connects to h.
func pipeTransport(h http.HandlerFunc) (transport *http.Transport, p *pipes, stop func()) {
	p = &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
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
		_ = server.Serve(p)
	}()
	transport = &http.Transport{DialContext: p.dial, DisableCompression: true, MaxIdleConnsPerHost: 1024}
	return transport, p, func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		<-served
	}
}
