package main

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
)

// Envoy may ping every 5 s, also when no call is open. A peer that floods the server
// with pings is disconnected.
func TestPings(t *testing.T) {
	for name, c := range map[string]struct {
		every time.Duration
		want  bool
	}{"Envoy": {5 * time.Second, true}, "flood": {100 * time.Millisecond, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := survivesPings(t, c.every); got != c.want {
					t.Errorf("connected: %v, want %v", got, c.want)
				}
			})
		})
	}
}

// survivesPings reports whether the server answers 100 pings.
func survivesPings(t *testing.T, every time.Duration) bool {
	t.Helper()
	listener := bufconn.Listen(64 << 10)
	server := grpc.NewServer(grpcOptions(0)...)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	conn, err := listener.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	framer := http2.NewFramer(conn, conn)
	acks := make(chan struct{}, 100)
	go func() {
		defer close(acks)
		for {
			frame, err := framer.ReadFrame()
			if err != nil {
				return
			}
			if ping, ok := frame.(*http2.PingFrame); ok && ping.IsAck() {
				acks <- struct{}{}
			}
		}
	}()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(framer.WriteSettings(), framer.WriteSettingsAck()); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		time.Sleep(every)
		if framer.WritePing(false, [8]byte{}) != nil {
			return false
		}
		if _, ok := <-acks; !ok {
			return false
		}
	}
	return true
}
