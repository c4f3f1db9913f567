package bedrock

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// More streams than one HTTP/2 connection allows open further connections; no stream
// waits for another one to end.
func TestStreamsBeyondOneConnection(t *testing.T) {
	bedrocktest.Isolate(t)
	const perConnection, streams = 4, 20
	var dials atomic.Int64
	all := make(chan struct{}) // closed when every stream has begun
	var begun atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil || r.Proto != "HTTP/2.0" {
			t.Errorf("%s, %v", r.Proto, err)
		}
		whole := bedrocktest.Answer("hi")
		bedrocktest.SendStream(w, whole[0])
		switch begun.Add(1) {
		case 1: // which makes the limit known
			bedrocktest.SendMore(w, whole[1:]...)
			return
		case streams + 1:
			close(all)
		}
		select {
		case <-all:
			bedrocktest.SendMore(w, whole[1:]...)
		case <-r.Context().Done():
		}
	}))
	server.EnableHTTP2 = true
	server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: perConnection}
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dials.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	bs, err := New(t.Context(), Config{Backends: []BackendConfig{{Name: "here", EndpointURL: server.URL}}})
	if err != nil {
		t.Fatal(err)
	}
	defer bs.CloseIdleConnections()
	trust(bs, server)
	stream := func() {
		events, facts, err := collect(t.Context(), bs.All()[0], call("m", `{}`), translator.Caller{})
		if err != nil || len(events) != 5 || facts.Attempts != 1 {
			t.Errorf("got %d events after %d attempts, %v, want 5 after 1", len(events), facts.Attempts, err)
		}
	}
	stream()
	var group sync.WaitGroup
	for range streams {
		group.Go(stream)
	}
	group.Wait()
	if n := dials.Load(); n < streams/perConnection {
		t.Errorf("%d connections for %d streams", n, streams)
	}
}
