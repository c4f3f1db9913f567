package e2e

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// An api is a client-facing API of the fault matrix.
type api struct {
	name string
	// request is a question to a model.
	request func(model string, streamed bool) (path, body string)
	// errorKind reads the body of an error.
	errorKind func(body []byte) string
	// end reads a server-sent event: "success", "error" with its kind, or "" for one that
	// does not end the answer.
	end func(name string, data []byte) (end, kind string)
	// statuses are those of errors that have another status than in the table, by kind.
	statuses map[string]int
}

// expect is what clients of the API see where the table has want.
func (a api) expect(want seen) seen {
	if status, ok := a.statuses[want.kind]; ok && len(want.ends) == 0 {
		want.status = status
	}
	return want
}

// apis are those of the matrix.
var apis = []api{
	{"gateway", gatewayRequest, gatewayError, gatewayEnd, nil},
	{"openai", openaiRequest, openaiError, openaiEnd, nil},
	{"responses", responsesRequest, openaiError, responsesEnd, nil},
	{"anthropic", anthropicRequest, anthropicError, anthropicEnd, nil},
	{"bedrock", nativeRequest, nativeError, nativeEnd, nativeStatuses},
}

func gatewayRequest(model string, streamed bool) (path, body string) {
	path = "/api/v1/llm/completions"
	if streamed {
		path += "/stream"
	}
	return path, fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"Explain quantum computing"}]}`, model)
}

func gatewayError(body []byte) string {
	var e answer
	if json.Unmarshal(body, &e) != nil {
		return "not JSON"
	}
	return e.Error.Type
}

func gatewayEnd(_ string, data []byte) (end, kind string) {
	var ev event
	switch {
	case json.Unmarshal(data, &ev) != nil:
		return "not JSON", ""
	case ev.Type == "message_stop":
		return "success", ""
	case ev.Type == "error":
		return "error", ev.Error.Type
	}
	return "", ""
}

func openaiRequest(model string, streamed bool) (path, body string) {
	return "/v1/chat/completions", fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":"Explain quantum computing"}]}`, model, streamed)
}

func openaiError(body []byte) string {
	var e openaiAnswer
	if json.Unmarshal(body, &e) != nil || e.Error == nil || e.Error.Message == "" {
		return "not OpenAI's form"
	}
	return cmp.Or(e.Bedrock.Type, e.Error.Type) // Envoy's own errors have the second
}

// openaiEnd counts [DONE] as success: clients stop there.
func openaiEnd(_ string, data []byte) (end, kind string) {
	if string(data) == "[DONE]" {
		return "success", ""
	}
	var chunk openaiAnswer
	switch {
	case json.Unmarshal(data, &chunk) != nil:
		return "not JSON", ""
	case chunk.Error != nil:
		return "error", chunk.Bedrock.Type
	}
	return "", ""
}

func responsesRequest(model string, streamed bool) (path, body string) {
	return "/v1/responses", fmt.Sprintf(`{"model":%q,"stream":%t,"store":false,"input":"Explain quantum computing"}`, model, streamed)
}

// responsesEnd reads the last event. One that fails has the member error of error bodies.
func responsesEnd(name string, data []byte) (end, kind string) {
	var ev struct {
		openaiAnswer
		Type string
	}
	switch {
	case json.Unmarshal(data, &ev) != nil || ev.Type != name:
		return "not an event", ""
	case name == "response.completed":
		return "success", ""
	case name == "response.failed" && ev.Error != nil:
		return "error", ev.Bedrock.Type
	}
	return "", ""
}

func anthropicRequest(model string, streamed bool) (path, body string) {
	return "/v1/messages", fmt.Sprintf(`{"model":%q,"max_tokens":1000,"stream":%t,"messages":[{"role":"user","content":"Explain quantum computing"}]}`, model, streamed)
}

func anthropicError(body []byte) string {
	var e anthropicAnswer
	if json.Unmarshal(body, &e) != nil || e.Error == nil || e.Error.Message == "" {
		return "not Anthropic's form"
	}
	return cmp.Or(e.Bedrock.Type, e.Error.Type) // Envoy's own errors have the second
}

func anthropicEnd(name string, data []byte) (end, kind string) {
	var ev anthropicAnswer
	switch {
	case json.Unmarshal(data, &ev) != nil || ev.Type != name:
		return "not an event", ""
	case name == "message_stop":
		return "success", ""
	case name == "error":
		return "error", ev.Bedrock.Type
	}
	return "", ""
}

// faultModel is called with a fault's knobs after it.
const faultModel = "us.amazon.nova-lite-v1:0"

// ask makes a call that has the fault, and reads the answer to its end.
func (a api) ask(t *testing.T, s *system, client *http.Client, f fault, streamed bool, id string) seen {
	t.Helper()
	return a.askUntil(t.Context(), t, s, client, f, streamed, id, func() {})
}

// askUntil is ask for a client that leaves when ctx ends. begun is called at the first
// event of a stream.
func (a api) askUntil(ctx context.Context, t *testing.T, s *system, client *http.Client, f fault, streamed bool, id string, begun func()) seen {
	t.Helper()
	req, err := a.newRequest(ctx, s, f, streamed, id)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Logf("no response: %v", err)
		return seen{}
	}
	defer resp.Body.Close()
	return a.read(resp, begun)
}

func (a api) newRequest(ctx context.Context, s *system, f fault, streamed bool, id string) (*http.Request, error) {
	model := faultModel
	if f.knobs != "" {
		model += "#" + f.knobs
	}
	path, body := a.request(model, streamed)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url(path), strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Request-Id", id)
	if f.backend != "" {
		req.Header.Set("X-Provider-LLM", f.backend)
	}
	for i := 0; i < len(f.headers); i += 2 {
		req.Header.Set(f.headers[i], f.headers[i+1])
	}
	return req, nil
}

// read reads an answer to its end. begun is called at the first event of a stream.
func (a api) read(resp *http.Response, begun func()) seen {
	got := seen{status: resp.StatusCode}
	if resp.Header.Get("Content-Type") == nativeStream {
		got.ends, got.kind = readFrames(resp.Body, begun, a.end)
		return got
	}
	if resp.Header.Get("Content-Type") != "text/event-stream" {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			got.ends = []string{"broken"}
		}
		if got.status != http.StatusOK {
			got.kind = a.errorKind(body)
		}
		return got
	}
	name := ""
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		switch field, value, _ := strings.Cut(lines.Text(), ": "); field {
		case "":
			name = ""
		case "event":
			name = value
		case "data":
			begun()
			if end, kind := a.end(name, []byte(value)); end != "" {
				got.kind, got.ends = kind, append(got.ends, end)
			}
		}
	}
	if lines.Err() != nil {
		got.ends = append(got.ends, "broken")
	}
	return got
}
