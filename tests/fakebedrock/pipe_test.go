package fakebedrock_test

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime"

	"bedrock-extproc/tests/fakebedrock"
)

// pipes is an in-memory listener.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
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

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// startPiped starts a server over pipes, for tests in a synctest bubble. stop stops
// everything it started.
func startPiped(t *testing.T, config fakebedrock.Config) (bedrock *fakebedrock.Server, client *bedrockruntime.Client, stop func()) {
	t.Helper()
	bedrock = fakebedrock.New(config)
	listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: bedrock}
	go func() { _ = server.Serve(listener) }() // ends by stop
	transport := &http.Transport{DialContext: listener.dial}
	client = newClient(t, "http://bedrock", &http.Client{Transport: transport})
	return bedrock, client, func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	}
}
