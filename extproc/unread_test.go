package extproc_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bedrock-extproc/tests/hungpeer"
	"bedrock-extproc/tests/worktest"
)

// An Envoy that reads its connection, but allows no more data, holds its calls for five
// minutes. Each costs a bounded amount of memory, and others are served meanwhile.
func TestUnreadCallsEnd(t *testing.T) {
	const calls, size = 50, 16 << 10
	const most = 200 << 10 // bytes that gRPC keeps for each call, until the connection ends
	bubble(t, func(s *sidecar) {
		conn, err := s.listener.Dial()
		if err != nil {
			t.Fatal(err)
		}
		peer, err := hungpeer.New(conn)
		if err != nil {
			t.Fatal(err)
		}
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			_ = peer.ReadFrames()
		}()
		s.works()
		idle := worktest.Heap()
		var yielded atomic.Int64
		s.backend.converseStream = flood(1_000_000, size, &yielded)
		for range calls {
			if err := peer.Call(requestMessages("/stream")...); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if n := s.InFlight(); n != calls || yielded.Load() > calls*(3<<20)/size {
			t.Errorf("%d calls are in flight, and have read %d events", n, yielded.Load())
		}
		t.Logf("%d KiB are held for each call", (worktest.Heap()-idle)/calls>>10)
		time.Sleep(5*time.Minute - time.Second)
		if n := s.InFlight(); n != calls {
			t.Errorf("%d calls are in flight before the limit", n)
		}
		s.works()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := s.InFlight(); n != 0 {
			t.Errorf("%d calls are in flight after the limit", n)
		}
		if n := s.logs.FilterMessageSnippet("Envoy has not read").Len(); n != calls {
			t.Errorf("%d calls have ended for this reason", n)
		}
		kept := (worktest.Heap() - idle) / calls
		t.Logf("%d KiB are kept for each call", kept>>10)
		if kept > most {
			t.Errorf("%d bytes are kept for each call", kept)
		}
		s.works()
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		<-closed
	})
}
