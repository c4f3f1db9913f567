package e2e

import (
	"bytes"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"

	"bedrock-extproc/tests/fakebedrock"
	"bedrock-extproc/tests/hungpeer"
)

// TestEnvoyThatReadsNothing: an Envoy asks for endless answers and reads nothing of them,
// but keeps pinging. What the sidecar holds for it is bounded, it is disconnected, and
// another Envoy is served meanwhile.
func TestEnvoyThatReadsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	const calls, mostMemory = 50, 10 * megabyte // of a call
	flood := longEvents(10_000)                 // 300 MB
	s := start(t, func(r *fakebedrock.Request) fakebedrock.Behaviour {
		if bytes.Contains(r.Body, []byte("flood")) {
			return fakebedrock.Behaviour{Events: flood}
		}
		return fakebedrock.Behaviour{}
	})
	pid := s.sidecar.cmd.Process.Pid
	client := newClient(true)
	post(t, client, s.completions(), askSum)
	idle := memory(t, pid, "VmRSS")
	conn, err := net.Dial("unix", strings.TrimPrefix(s.sidecar.socket, "unix://"))
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
	request := directRequest(filterv3.ProcessingMode_FULL_DUPLEX_STREAMED, "/api/v1/llm/completions/stream", []byte(`{"messages":[{"role":"user","content":"flood"}]}`))
	for range calls {
		if err := peer.Call(request...); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the calls are in flight", func() bool { return s.sidecar.metric(t, "bedrock_extproc_calls_in_flight") == calls })
	began := time.Now()
	for peer.Ping() == nil && time.Since(began) < time.Minute {
		time.Sleep(3 * time.Second)
		if resp := post(t, client, s.completions(), askSum); resp.StatusCode != http.StatusOK {
			t.Errorf("another client gets %d", resp.StatusCode)
		}
	}
	took := time.Since(began)
	eventually(t, "the calls have ended", func() bool { return s.sidecar.metric(t, "bedrock_extproc_calls_in_flight") == 0 })
	peak := memory(t, pid, "VmHWM")
	t.Logf("disconnected after %v; idle %d MB, peak %d MB", took, idle/megabyte, peak/megabyte)
	if took > 40*time.Second || peak > idle+calls*mostMemory+64*megabyte {
		t.Error("too late, or too much")
	}
	if resp := post(t, client, s.completions(), askSum); resp.StatusCode != http.StatusOK {
		t.Errorf("the next call gets %d", resp.StatusCode)
	}
}
