package converseapi

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/translator"
)

// A peer that answers before it has read the whole request costs no connections.
// With the SDK's own request body it would, over HTTP/1.1.
func TestInstantAnswersKeepTheConnection(t *testing.T) {
	bedrocktest.Isolate(t)
	const calls = 300
	whole := bytes.Join(bedrocktest.Answer("hi"), nil)
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
	c := newTestClient(t, server.URL, nil)
	r := request(t, c, caller)
	r.Body = []byte(`{"messages":[{"role":"user","content":[{"text":"` + strings.Repeat("What is 2+2? ", 30) + `"}]}]}`)
	for i := range calls {
		if events, _, err := collectRequest(t, c, r); err != nil || len(events) != 5 {
			t.Fatalf("stream %d: %v, %v", i, events, err)
		}
	}
	if n := dials.Load(); n != 1 {
		t.Errorf("%d dials for %d streams", n, calls)
	}
}

func TestStreamReset(t *testing.T) {
	bedrocktest.Isolate(t)
	sent := make(chan struct{})
	url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		bedrocktest.SendStream(w, bedrocktest.Answer("hi")[:2]...)
		<-sent
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_ = conn.(*net.TCPConn).SetLinger(0)
		_ = conn.Close()
	})
	c := newTestClient(t, url, nil)
	events, facts, err := c.ConverseStream(t.Context(), request(t, c, translator.Caller{}))
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
	check(t, facts, err, failure{500, translator.KindTruncated, false, 0, ""})
}

// Events are complete, however the network cuts the stream.
func TestStreamInSingleBytes(t *testing.T) {
	bedrocktest.Isolate(t)
	url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		var bytewise [][]byte
		for _, b := range bytes.Join(bedrocktest.Answer("hi"), nil) {
			bytewise = append(bytewise, []byte{b})
		}
		bedrocktest.SendStream(w, bytewise...)
	})
	events, _, err := collect(t, newTestClient(t, url, nil), translator.Caller{})
	if err != nil || len(events) != 5 || events[4].Kind != "metadata" {
		t.Errorf("got %v, %v, want 5 events, metadata last", events, err)
	}
}

// The SDK's typed error stays in the chain.
func TestCauseIsTyped(t *testing.T) {
	bedrocktest.Isolate(t)
	url := bedrocktest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-ErrorType", "ThrottlingException")
		w.Header().Set("Retry-After", "9")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"message":"slow down"}`)
	})
	_, _, err := collect(t, newTestClient(t, url, nil), translator.Caller{})
	if e := asError(t, err); e.RetryAfter != 9*time.Second {
		t.Errorf("Retry-After %v", e.RetryAfter)
	}
	if cause, ok := errors.AsType[*types.ThrottlingException](err); !ok || cause.ErrorMessage() != "slow down" {
		t.Errorf("got %v, want a ThrottlingException that says slow down", err)
	}
}
