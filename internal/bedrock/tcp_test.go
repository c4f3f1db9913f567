package bedrock

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"bedrock-extproc/translator"
)

// A peer that answers before the request's last byte is off the wire does not
// cost connections: over HTTP/1.1 the SDK's own request body does.
func TestInstantAnswersKeepTheConnection(t *testing.T) {
	isolate(t)
	const calls = 300
	whole := bytes.Join(answer("hi"), nil)
	var dials atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
		_, _ = w.Write(whole)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			dials.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	b := newTestBackend(t, Config{}, server.URL)
	for i := range calls {
		if events, _, err := collect(t.Context(), b, call("m", benchRequest), caller); err != nil || len(events) != 5 {
			t.Fatalf("stream %d: %v, %v", i, events, err)
		}
	}
	if n := dials.Load(); n != 1 {
		t.Errorf("%d dials for %d streams", n, calls)
	}
}

func TestStreamReset(t *testing.T) {
	isolate(t)
	sent := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		sendStream(w, answer("hi")[:2]...)
		<-sent
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	})
	events, _, err := newTestBackend(t, Config{}, url).ConverseStream(t.Context(), call("m", `{}`), translator.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if n++; n == 2 {
			close(sent)
		}
		err = e
	}
	check(t, err, failure{502, translator.KindTruncated, true, 0, ""})
}

// Frames arrive whole however the network cuts them.
func TestStreamInSingleBytes(t *testing.T) {
	isolate(t)
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		var bytewise [][]byte
		for _, b := range bytes.Join(answer("hi"), nil) {
			bytewise = append(bytewise, []byte{b})
		}
		sendStream(w, bytewise...)
	})
	events, _, err := collect(t.Context(), newTestBackend(t, Config{}, url), call("m", `{}`), translator.Caller{})
	if err != nil || len(events) != 5 || events[4].Kind != "metadata" {
		t.Errorf("%v, %v", events, err)
	}
}

// What the SDK knows of an error stays in the chain.
func TestCauseIsTyped(t *testing.T) {
	isolate(t)
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", "ThrottlingException")
		w.Header().Set("Retry-After", "9")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"message":"slow down"}`)
	})
	_, _, err := newTestBackend(t, Config{}, url).ConverseStream(t.Context(), call("m", `{}`), translator.Caller{})
	if e := asError(t, err); e.RetryAfter != 9*time.Second {
		t.Errorf("Retry-After %v", e.RetryAfter)
	}
	if cause, ok := errors.AsType[*types.ThrottlingException](err); !ok || cause.ErrorMessage() != "slow down" {
		t.Errorf("%v", err)
	}
}
