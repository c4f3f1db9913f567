package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/envoy"
	"bedrock-extproc/translator/chat"
	"bedrock-extproc/translator/openai"
	"bedrock-extproc/translator/responses"
)

// openaiAnswer is a completion, a chunk or an error body of OpenAI's API.
type openaiAnswer struct {
	ID, Object, Model string
	Created           int64
	Choices           []struct {
		Message, Delta openaiMessage
		FinishReason   string `json:"finish_reason"`
	}
	Usage *struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
		TotalTokens      int `json:"total_tokens"`
	}
	Data  []struct{ ID, Object string }
	Error *struct {
		Message, Type string
		Param, Code   *string
	}
	Bedrock struct {
		Type       string
		StopReason string `json:"stop_reason"`
		RequestID  string `json:"request_id"`
	}
}

type openaiMessage struct {
	Role      string
	Content   *string
	Reasoning string `json:"reasoning_content"`
	ToolCalls []struct {
		Index    int
		ID, Type string
		Function struct{ Name, Arguments string }
	} `json:"tool_calls"`
}

func decodeOpenAI(t *testing.T, resp *http.Response) openaiAnswer {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a openaiAnswer
	if err := json.Unmarshal(body, &a); err != nil || resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %v: %.300s", resp.StatusCode, err, body)
	}
	return a
}

// readChunks reads a stream to [DONE], which must be its end.
func readChunks(t *testing.T, resp *http.Response) []openaiAnswer {
	t.Helper()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("status %d: %.300s", resp.StatusCode, body)
	}
	var chunks []openaiAnswer
	done := false
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case !ok:
			continue
		case done:
			t.Errorf("data after [DONE]: %s", data)
		case data == "[DONE]":
			done = true
			continue
		}
		var chunk openaiAnswer
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		chunks = append(chunks, chunk)
	}
	if !done || lines.Err() != nil {
		t.Errorf("the stream has no end: %v", lines.Err())
	}
	return chunks
}

// contentOf adds up a stream's text, and returns its finish reason.
func contentOf(chunks []openaiAnswer) (content, finish string) {
	for _, chunk := range chunks {
		for _, choice := range chunk.Choices {
			if choice.Delta.Content != nil {
				content += *choice.Delta.Content
			}
			finish += choice.FinishReason
		}
	}
	return content, finish
}

const openaiSum = `{"messages":[{"role":"user","content":"What is 2+2?"}]}`

// TestOpenAI asks at each path, with each HTTP version, for a whole and for a streamed
// answer: both are the same, and what differs is in the body of the request.
func TestOpenAI(t *testing.T) {
	s := start(t, nil)
	for name, client := range protocols() {
		for _, path := range []string{"/v1/chat/completions", "/openai/v1/chat/completions", "/chat/completions"} {
			t.Run(name+path, func(t *testing.T) {
				whole := decodeOpenAI(t, post(t, client, s.url(path), openaiSum, "Authorization", "Bearer sk-none"))
				if whole.Object != "chat.completion" || len(whole.Choices) != 1 || whole.Choices[0].FinishReason != "stop" ||
					whole.Usage == nil || whole.Usage.TotalTokens == 0 || whole.Created == 0 {
					t.Fatalf("%+v", whole)
				}
				streamed := strings.Replace(openaiSum, "{", `{"stream":true,"stream_options":{"include_usage":true},`, 1)
				chunks := readChunks(t, post(t, client, s.url(path), streamed))
				content, finish := contentOf(chunks)
				if diff := cmp.Diff(*whole.Choices[0].Message.Content, content); diff != "" || finish != "stop" || !strings.Contains(content, "4") {
					t.Errorf("%s (-whole +stream):\n%s", finish, diff)
				}
				last := chunks[len(chunks)-1]
				if diff := cmp.Diff(whole.Usage, last.Usage); diff != "" || len(last.Choices) != 0 {
					t.Errorf("usage (-whole +stream):\n%s", diff)
				}
				for _, chunk := range chunks {
					if chunk.ID != chunks[0].ID || chunk.ID == whole.ID || chunk.Object != "chat.completion.chunk" {
						t.Errorf("%+v", chunk)
					}
				}
			})
		}
	}
}

// TestOpenAIBuffered: a stream that the body asks for comes in one piece through a filter
// that buffers.
func TestOpenAIBuffered(t *testing.T) {
	s := startWith(t, withMode(t, extprocv3.ProcessingMode_BUFFERED), nil)
	content, finish := contentOf(readChunks(t, post(t, newClient(false), s.url("/v1/chat/completions"), strings.Replace(openaiSum, "{", `{"stream":true,`, 1))))
	if !strings.Contains(content, "4") || finish != "stop" {
		t.Error(content, finish)
	}
}

const openaiTools = `"tools":[{"type":"function","function":{"name":"get_weather","description":"The weather of a city","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}]`

// TestOpenAITools calls a tool and sends its result back, whole and streamed.
func TestOpenAITools(t *testing.T) {
	s := start(t, nil)
	client := newClient(false)
	ask := `{` + openaiTools + `,"messages":[{"role":"user","content":"What is the weather in Seattle?"}]}`
	whole := decodeOpenAI(t, post(t, client, s.url("/v1/chat/completions"), ask))
	if len(whole.Choices) != 1 || whole.Choices[0].FinishReason != "tool_calls" || len(whole.Choices[0].Message.ToolCalls) != 1 {
		t.Fatalf("%+v", whole)
	}
	call := whole.Choices[0].Message.ToolCalls[0]
	var arguments struct{ City string }
	if err := json.Unmarshal([]byte(call.Function.Arguments), &arguments); err != nil || arguments.City != "Seattle" || call.Function.Name != "get_weather" {
		t.Errorf("%+v", call)
	}
	streamed, finish := "", ""
	for _, chunk := range readChunks(t, post(t, client, s.url("/v1/chat/completions"), strings.Replace(ask, "{", `{"stream":true,`, 1))) {
		for _, choice := range chunk.Choices {
			finish += choice.FinishReason
			for _, piece := range choice.Delta.ToolCalls {
				streamed += piece.Function.Arguments
			}
		}
	}
	if err := json.Unmarshal([]byte(streamed), &arguments); err != nil || arguments.City != "Seattle" || finish != "tool_calls" {
		t.Errorf("%s %s", streamed, finish)
	}
	history, err := json.Marshal(call)
	if err != nil {
		t.Fatal(err)
	}
	back := `{` + openaiTools + `,"messages":[{"role":"user","content":"What is the weather in Seattle?"},
		{"role":"assistant","content":null,"tool_calls":[` + strings.NewReplacer(`"ID"`, `"id"`, `"Type"`, `"type"`, `"Function"`, `"function"`, `"Name"`, `"name"`, `"Arguments"`, `"arguments"`, `"Index"`, `"index"`).Replace(string(history)) + `]},
		{"role":"tool","tool_call_id":"` + call.ID + `","content":"12 degrees and rain"}]}`
	last := decodeOpenAI(t, post(t, client, s.url("/v1/chat/completions"), back))
	if len(last.Choices) != 1 || last.Choices[0].FinishReason != "stop" || !strings.Contains(*last.Choices[0].Message.Content, "rain") {
		t.Errorf("%+v", last)
	}
}

// TestOpenAIErrors: errors have OpenAI's form also where no call was made.
func TestOpenAIErrors(t *testing.T) {
	s := start(t, nil)
	client := newClient(false)
	for _, c := range []struct {
		path, body string
		status     int
		kind       string
	}{
		{"/v1/chat/completions", `{"messages":`, 400, "malformed_request"},
		{"/v1/chat/completions", `{"messages":[{"role":"user","content":"hi"}],"n":2}`, 400, "invalid_request"},
		{"/v1/completions", `{}`, 404, "unknown_path"},
		{"/openai/v1/embeddings", `{}`, 404, "unknown_path"},
		{"/v1/models", `{}`, 405, "method_not_allowed"},
	} {
		resp := post(t, client, s.url(c.path), c.body)
		a := decodeOpenAI(t, resp)
		if resp.StatusCode != c.status || a.Error == nil || a.Error.Type != "invalid_request_error" || a.Bedrock.Type != c.kind {
			t.Errorf("%s: %d, %+v", c.path, resp.StatusCode, a)
		}
	}
	if a := decode(t, post(t, client, s.completions(), `{`)); a.Error.Type != "malformed_request" {
		t.Errorf("the gateway's API: %+v", a)
	}
}

// TestOpenAIModels: the lists of models at both paths, and one model.
func TestOpenAIModels(t *testing.T) {
	s := start(t, nil)
	get := func(path string) (int, openaiAnswer) {
		resp, err := http.Get(s.url(path))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode, decodeOpenAI(t, resp)
	}
	_, list := get("/v1/models")
	if list.Object != "list" || len(list.Data) == 0 || list.Data[0].Object != "model" {
		t.Fatalf("%+v", list)
	}
	for _, path := range []string{"/v1/models/", "/openai/v1/models/"} {
		if status, model := get(path + strings.ReplaceAll(list.Data[0].ID, ":", "%3A")); status != 200 || model.ID != list.Data[0].ID || model.Object != "model" {
			t.Errorf("%d %+v", status, model)
		}
	}
	if status, model := get("/v1/models/gpt-4o"); status != 404 || model.Error == nil || *model.Error.Code != "model_not_found" {
		t.Errorf("%d %+v", status, model)
	}
}

// TestPrefixes: package envoy's prefixes have the paths of each API.
func TestPrefixes(t *testing.T) {
	paths := openai.ModelsPaths()
	for _, r := range slices.Concat(new(openai.Dialect).Routes(), new(responses.Dialect).Routes(), new(chat.Dialect).Routes()) {
		paths = append(paths, r.Pattern)
	}
	for _, path := range paths {
		if !slices.ContainsFunc(envoy.Prefixes(), func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
			t.Errorf("no prefix has %s", path)
		}
	}
}
