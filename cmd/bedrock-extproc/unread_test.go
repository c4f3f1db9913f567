package main

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"bedrock-extproc/tests/hungpeer"
)

// A peer that reads nothing is disconnected, although it keeps sending pings.
func TestPeerThatReadsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 3
		var ended atomic.Int64
		flood := func(_ any, stream grpc.ServerStream) error {
			defer ended.Add(1)
			for {
				if err := stream.SendMsg(&extprocv3.ProcessingResponse{}); err != nil {
					return err
				}
			}
		}
		listener := bufconn.Listen(64 << 10)
		server := grpc.NewServer(append(grpcOptions(0), grpc.UnknownServiceHandler(flood))...)
		go func() { _ = server.Serve(unreadListener{listener, unreadTimeout}) }()
		defer server.Stop()
		conn, err := listener.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		peer, err := hungpeer.New(conn)
		if err != nil {
			t.Fatal(err)
		}
		if err := peer.Allow(); err != nil {
			t.Fatal(err)
		}
		for range calls {
			if err := peer.Call(); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		for peer.Ping() == nil && time.Since(began) < time.Hour {
			time.Sleep(3 * time.Second)
		}
		if took := time.Since(began); took < unreadTimeout || took > unreadTimeout+10*time.Second || ended.Load() != calls {
			t.Errorf("disconnected after %v, %d calls have ended", took, ended.Load())
		}
	})
}
