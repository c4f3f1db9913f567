package canned

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// listen serves until the end of the test, and returns the URL.
func listen(t *testing.T, serve func(net.Listener) error) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = serve(l)
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return "http://" + l.Addr().String()
}

func post(t *testing.T, url, name string) (contentType string, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("a body"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(Header, name)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
	return resp.Header.Get("Content-Type"), body
}

func TestShape(t *testing.T) {
	for _, s := range []Shape{{}, {Events: 500}, {Events: 10, Rate: 0.5}} {
		if got, err := ParseShape(s.String()); err != nil || got != s {
			t.Errorf("%v: %v, %v", s, got, err)
		}
	}
	for _, text := range []string{"", "events=x&rate=1", "events=1", "%"} {
		if got, err := ParseShape(text); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Bedrock answers with all events, over connections that stay open, and counts its calls.
func TestBedrock(t *testing.T) {
	at := listen(t, ServeBedrock)
	model := func(s Shape) string { return at + "/model/" + url.QueryEscape(Model(s)) }
	if kind, body := post(t, model(Shape{})+"/converse", ""); kind != "application/json" || !bytes.Contains(body, []byte(`"stopReason":"end_turn"`)) {
		t.Errorf("%s: %s", kind, body)
	}
	for _, s := range []Shape{{Events: 3}, {Events: 2000}, {Events: 5, Rate: 100}} {
		began := time.Now()
		_, body := post(t, model(s)+"/converse-stream", "")
		took := time.Since(began)
		names := map[string]int{}
		for decoder, rest := eventstream.NewDecoder(), bytes.NewReader(body); rest.Len() > 0; {
			message, err := decoder.Decode(rest, nil)
			if err != nil {
				t.Fatalf("%v: %v", s, err)
			}
			names[message.Headers.Get(":event-type").String()]++
		}
		if names["contentBlockDelta"] != s.Events || names["messageStop"] != 1 || names["metadata"] != 1 {
			t.Errorf("%v: %v", s, names)
		}
		if s.Rate == 0 {
			continue
		}
		if stamp, end := Stamp(body); end < 0 || stamp.Before(began) || took < time.Duration(s.Events-1)*s.Interval() {
			t.Errorf("%v: from %v, in %v", s, stamp.Sub(began), took)
		}
	}
	resp, err := http.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || string(text) != "4" {
		t.Errorf("%s calls, %v", text, err)
	}
}

// What is recorded comes back as it was, but for the time in a paced stream.
func TestRecorded(t *testing.T) {
	dir := t.TempDir()
	at := listen(t, func(l net.Listener) error { return ServeUpstream(l, dir) })
	stream := fmt.Sprintf("data: {\"type\":\"start\"}\n\ndata: {\"delta\":\"%d\"}\n\ndata: {\"delta\":\"b\"}\n\n", time.Unix(1_700_000_000, 0).UnixNano())
	for s, body := range map[Shape]string{{}: `{"content":"4"}`, {Events: 2}: stream, {Events: 2, Rate: 100}: stream} {
		if err := Record(dir, s, []byte(body)); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		_, got := post(t, at+"/any", s.String())
		if s.Rate == 0 {
			if string(got) != body {
				t.Errorf("%v: %q", s, got)
			}
			continue
		}
		stamp, end := Stamp(got)
		if stamp.Before(began) || string(got[end:]) != body[end:] || !strings.HasPrefix(body, string(got[:end-StampDigits])) {
			t.Errorf("%v: %v, %q", s, stamp, got)
		}
	}
}

// A request that no answer was recorded for, or that is none, ends with an error.
func TestUnknown(t *testing.T) {
	at := listen(t, ServeBedrock)
	resp, err := http.Post(at+"/model/other/converse", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusInternalServerError || !bytes.Contains(text, []byte("no answer for /model/other")) {
		t.Errorf("%s: %s", resp.Status, text)
	}
}

func TestJoin(t *testing.T) {
	part := bytes.Repeat([]byte("a"), 10<<10)
	large := bytes.Repeat([]byte("b"), 40<<10)
	got := join([][]byte{part, part, part, part, large, part})
	sizes := ""
	for _, block := range got {
		sizes += fmt.Sprint(len(block)>>10, " ")
	}
	if sizes != "30 10 40 10 " {
		t.Error(sizes)
	}
}
