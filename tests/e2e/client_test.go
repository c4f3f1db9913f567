package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// protocols returns a client for each HTTP version.
func protocols() map[string]*http.Client {
	return map[string]*http.Client{"http1": newClient(false), "http2": newClient(true)}
}

// newClient returns a client for HTTP/1.1, or HTTP/2 with prior knowledge, without TLS.
func newClient(http2 bool) *http.Client {
	var p http.Protocols
	p.SetHTTP1(!http2)
	p.SetUnencryptedHTTP2(http2)
	return &http.Client{Transport: &http.Transport{Protocols: &p, MaxIdleConnsPerHost: 100}, Timeout: 2 * time.Minute}
}

// post sends a JSON body. headers are pairs of name and value.
func post(t *testing.T, client *http.Client, url, body string, headers ...string) *http.Response {
	t.Helper()
	return postReader(t, client, url, strings.NewReader(body), headers...)
}

func postReader(t *testing.T, client *http.Client, url string, body io.Reader, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	checkDescribed(t, resp)
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// answer is a whole answer or an error body.
type answer struct {
	Model      string
	Content    string
	StopReason string `json:"stop_reason"`
	Usage      struct {
		InputTokens  int `json:"input_tokens"`
		OutputTokens int `json:"output_tokens"`
	}
	ToolCalls []toolCall `json:"tool_calls"`
	Detail    any
	Error     struct {
		Type      string
		Status    int
		Retryable bool
		AWSError  string `json:"aws_error"`
		RequestID string `json:"request_id"`
		Hint      string
	}
}

type toolCall struct {
	ID, Name string
	Input    json.RawMessage
}

// decode decodes a JSON body. It fails the test for any other body.
func decode(t *testing.T, resp *http.Response) answer {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q, want application/json; body %.300s", got, body)
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("status %d: body is not JSON: %v\n%.300s", resp.StatusCode, err, body)
	}
	return a
}

// event is one SSE event's JSON.
type event struct {
	Type       string
	Delta      string
	ID, Name   string
	Input      json.RawMessage
	StopReason string `json:"stop_reason"`
	Detail     string
	Error      struct {
		Type     string
		AWSError string `json:"aws_error"`
	}
	Usage *struct {
		InputTokens  int `json:"input_tokens"`
		OutputTokens int `json:"output_tokens"`
	}
}

// events reads SSE events like the Python client: every line that starts with "data: "
// is JSON.
type events struct {
	t     *testing.T
	lines *bufio.Scanner
}

func readEvents(t *testing.T, resp *http.Response) *events {
	t.Helper()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("status %d, content type %q: %.300s", resp.StatusCode, resp.Header.Get("Content-Type"), body)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	return &events{t: t, lines: lines}
}

// next returns the next event, or false if the response ended properly.
func (e *events) next() (event, bool) {
	e.t.Helper()
	ev, ok := e.scan()
	if err := e.lines.Err(); !ok && err != nil {
		e.t.Fatalf("the response failed: %v", err)
	}
	return ev, ok
}

// untilEnd returns all events, and the error with which the response ended, nil if it ended
// properly.
func (e *events) untilEnd() (list []event, err error) {
	e.t.Helper()
	for ev, ok := e.scan(); ok; ev, ok = e.scan() {
		list = append(list, ev)
	}
	return list, e.lines.Err()
}

func (e *events) scan() (event, bool) {
	e.t.Helper()
	for e.lines.Scan() {
		data, ok := strings.CutPrefix(e.lines.Text(), "data: ")
		if !ok {
			continue
		}
		var ev event
		if err := json.Unmarshal([]byte(data), &ev); err != nil {
			e.t.Fatalf("event is not JSON: %v: %.300s", err, data)
		}
		return ev, true
	}
	return event{}, false
}

func (e *events) all() []event {
	e.t.Helper()
	var list []event
	for {
		ev, ok := e.next()
		if !ok {
			return list
		}
		list = append(list, ev)
	}
}

func text(list []event) string {
	var b strings.Builder
	for _, ev := range list {
		if ev.Type == "content_delta" {
			b.WriteString(ev.Delta)
		}
	}
	return b.String()
}

func kinds(list []event) []string {
	var names []string
	for _, ev := range list {
		if len(names) == 0 || names[len(names)-1] != ev.Type {
			names = append(names, ev.Type)
		}
	}
	return names
}
