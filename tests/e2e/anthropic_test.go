package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/fakebedrock"
)

// anthropicAnswer is a message, an event, an error or a list of Anthropic's API.
type anthropicAnswer struct {
	ID, Type, Model string
	Content         []struct {
		Type, ID, Name, Text string
		Input                json.RawMessage
	}
	StopReason string `json:"stop_reason"`
	Usage      anthropicUsage
	Message    *anthropicAnswer
	Index      int
	Delta      struct {
		Type, Text  string
		PartialJSON string `json:"partial_json"`
		StopReason  string `json:"stop_reason"`
	}
	Data      []struct{ ID, Type string }
	Error     *struct{ Type, Message string }
	RequestID string `json:"request_id"`
	Bedrock   struct{ Type string }
}

type anthropicUsage struct {
	Input  int `json:"input_tokens"`
	Output int `json:"output_tokens"`
}

func decodeAnthropic(t *testing.T, resp *http.Response) anthropicAnswer {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a anthropicAnswer
	if err := json.Unmarshal(body, &a); err != nil || resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %v: %.300s", resp.StatusCode, err, body)
	}
	return a
}

// readMessage reads a stream to message_stop, which must be its end, and adds it up.
func readMessage(t *testing.T, resp *http.Response) (text, input string, last anthropicAnswer) {
	t.Helper()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("status %d: %.300s", resp.StatusCode, body)
	}
	var order []string
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var ev anthropicAnswer
		if err := json.Unmarshal([]byte(data), &ev); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		if n := len(order); n == 0 || order[n-1] != ev.Type {
			order = append(order, ev.Type)
		}
		text, input = text+ev.Delta.Text, input+ev.Delta.PartialJSON
		if ev.Type == "message_delta" {
			last = ev
		}
	}
	got := strings.Join(order, " ")
	if lines.Err() != nil || !strings.HasPrefix(got, "message_start ping content_block_start content_block_delta") || !strings.HasSuffix(got, " content_block_stop message_delta message_stop") {
		t.Errorf("events %s, %v", got, lines.Err())
	}
	return text, input, last
}

const anthropicSum = `{"model":"us.anthropic.claude-sonnet-4-20250514-v1:0","max_tokens":100,"messages":[{"role":"user","content":"What is 2+2?"}]}`

// TestAnthropic asks at each path, with each HTTP version, API version and key, for a
// whole and for a streamed answer: both are the same.
func TestAnthropic(t *testing.T) {
	s := start(t, nil)
	for name, client := range protocols() {
		for _, path := range []string{"/v1/messages?beta=true", "/anthropic/v1/messages"} {
			t.Run(name+path, func(t *testing.T) {
				resp := post(t, client, s.url(path), anthropicSum, "X-Api-Key", "none", "Anthropic-Version", "2023-06-01")
				whole := decodeAnthropic(t, resp)
				if whole.Type != "message" || len(whole.Content) != 1 || whole.StopReason != "end_turn" || whole.Usage.Input == 0 || !strings.HasPrefix(whole.ID, "msg_") {
					t.Fatalf("%+v", whole)
				}
				if id := resp.Header.Get("Request-Id"); id == "" || id != resp.Header.Get("X-Request-Id") {
					t.Errorf("request-id %q", id)
				}
				streamed := strings.Replace(anthropicSum, "{", `{"stream":true,`, 1)
				text, _, last := readMessage(t, post(t, client, s.url(path), streamed, "Authorization", "Bearer none", "Anthropic-Version", "2026-10-21"))
				if diff := cmp.Diff(whole.Content[0].Text, text); diff != "" || !strings.Contains(text, "4") {
					t.Errorf("text (-whole +stream):\n%s", diff)
				}
				if diff := cmp.Diff(whole.Usage, last.Usage); diff != "" || last.Delta.StopReason != "end_turn" {
					t.Errorf("%q, usage (-whole +stream):\n%s", last.Delta.StopReason, diff)
				}
			})
		}
	}
}

// TestAnthropicTools: a call of a tool is the same, whole and streamed.
func TestAnthropicTools(t *testing.T) {
	s := start(t, nil)
	const request = `{"max_tokens":100,"tools":[{"name":"get_weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}],
		"tool_choice":{"type":"any"},"messages":[{"role":"user","content":"What is the weather in Seattle?"}]}`
	whole := decodeAnthropic(t, post(t, newClient(false), s.url("/v1/messages"), request))
	if len(whole.Content) == 0 || whole.StopReason != "tool_use" {
		t.Fatalf("%+v", whole)
	}
	call := whole.Content[len(whole.Content)-1]
	if call.Type != "tool_use" || call.ID == "" || call.Name != "get_weather" || !strings.Contains(string(call.Input), "Seattle") {
		t.Errorf("%+v", call)
	}
	_, input, last := readMessage(t, post(t, newClient(false), s.url("/v1/messages"), strings.Replace(request, "{", `{"stream":true,`, 1)))
	if !strings.Contains(input, "Seattle") || last.Delta.StopReason != "tool_use" {
		t.Errorf("%q, %q", input, last.Delta.StopReason)
	}
}

// TestAnthropicErrors: errors have Anthropic's form, also at paths below /v1/ if the
// client is one of Anthropic's.
func TestAnthropicErrors(t *testing.T) {
	s := start(t, nil)
	for _, c := range []struct {
		path, body string
		status     int
		kind       string
	}{
		{"/v1/messages", `{"messages":7}`, http.StatusBadRequest, "invalid_request_error"},
		{"/v1/messages", `{`, http.StatusBadRequest, "invalid_request_error"},
		{"/v1/messages", `{"messages":[{"role":"user","content":"hi"}],"max_tokens":1,"tools":[{"type":"web_search_20250305","name":"web_search"}]}`, http.StatusBadRequest, "invalid_request_error"},
		{"/v1/messages/count_tokens", `{"messages":[]}`, http.StatusBadRequest, "invalid_request_error"},
		{"/v1/files", `{}`, http.StatusNotFound, "not_found_error"},
		{"/anthropic/v1/complete", `{}`, http.StatusNotFound, "not_found_error"},
	} {
		resp := post(t, newClient(false), s.url(c.path), c.body, "Anthropic-Version", "2026-10-21")
		e := decodeAnthropic(t, resp)
		if resp.StatusCode != c.status || e.Type != "error" || e.Error == nil || e.Error.Type != c.kind || e.RequestID == "" || resp.Header.Get("Request-Id") != e.RequestID {
			t.Errorf("%s: status %d, %+v", c.path, resp.StatusCode, e)
		}
	}
}

// TestAnthropicCount: a count is Bedrock's own, for the model behind a profile. Where Bedrock
// counts nothing, clients estimate after 404.
func TestAnthropicCount(t *testing.T) {
	s := start(t, nil)
	const profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdefghijkl"
	for _, path := range []string{"/v1/messages/count_tokens?beta=true", "/anthropic/v1/messages/count_tokens"} {
		resp := post(t, newClient(false), s.url(path), `{"model":"us.anthropic.claude-sonnet-4-20250514-v1:0","messages":[{"role":"user","content":"What is 2+2?"}]}`)
		var count struct {
			InputTokens int `json:"input_tokens"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&count); err != nil || resp.StatusCode != http.StatusOK || count.InputTokens < 3 || resp.Header.Get("Request-Id") == "" {
			t.Errorf("%s: status %d, %v, %+v", path, resp.StatusCode, err, count)
		}
		calls := s.bedrock.Calls()
		if last := calls[len(calls)-1]; last.ModelID != "anthropic.claude-sonnet-4-20250514-v1:0" || last.Operation != fakebedrock.CountTokens {
			t.Errorf("%s: asked for %s of %s", path, last.Operation, last.ModelID)
		}
		resp = post(t, newClient(false), s.url(path), `{"model":"`+profile+`","messages":[{"role":"user","content":"hi"}]}`)
		e := decodeAnthropic(t, resp)
		if resp.StatusCode != http.StatusNotFound || e.Error == nil || e.Error.Type != "not_found_error" || !strings.Contains(e.Error.Message, "does not count the tokens of this model") || strings.Contains(e.Error.Message, "models of this gateway") {
			t.Errorf("%s: status %d, %+v", path, resp.StatusCode, e)
		}
	}
}

// TestAnthropicModels: the list has Anthropic's form if the client sends a version.
func TestAnthropicModels(t *testing.T) {
	s := start(t, nil)
	get := func(path string, headers ...string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url(path), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		resp, err := newClient(false).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	version := []string{"Anthropic-Version", "2023-06-01"}
	first := get("/v1/models?limit=20", version...)
	if id := first.Header.Get("Request-Id"); id == "" || id != first.Header.Get("X-Request-Id") {
		t.Errorf("the header request-id is %q", id)
	}
	list := decodeAnthropic(t, first)
	if len(list.Data) == 0 || list.Data[0].Type != "model" {
		t.Fatalf("%+v", list)
	}
	if one := decodeAnthropic(t, get("/anthropic/v1/models/"+list.Data[0].ID)); one.Type != "model" || one.ID != list.Data[0].ID {
		t.Errorf("%+v", one)
	}
	if other := decodeAnthropic(t, get("/v1/models/none", version...)); other.Error == nil || other.Error.Type != "not_found_error" {
		t.Errorf("%+v", other)
	}
	if openai := decodeAnthropic(t, get("/v1/models")); len(openai.Data) == 0 || openai.Data[0].Type != "" {
		t.Errorf("without the header: %+v", openai)
	}
}
