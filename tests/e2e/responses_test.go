package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// response is a response of OpenAI's Responses API, or the body of an error.
type response struct {
	ID, Object, Status string
	Output             []responseItem
	Usage              *struct {
		InputTokens  int `json:"input_tokens"`
		OutputTokens int `json:"output_tokens"`
	}
	Error *struct{ Message, Type string }
}

type responseItem struct {
	ID, Type, Name, Namespace, Arguments, Input string
	CallID                                      string `json:"call_id"`
	EncryptedContent                            string `json:"encrypted_content"`
	Content                                     []struct{ Type, Text string }
}

// text is the text of all messages.
func (r response) text() string {
	text := ""
	for _, item := range r.Output {
		for _, part := range item.Content {
			text += part.Text
		}
	}
	return text
}

func decodeResponse(t *testing.T, resp *http.Response) response {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var r response
	if err := json.Unmarshal(body, &r); err != nil || resp.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, %v: %.300s", resp.StatusCode, err, body)
	}
	return r
}

// readResponse reads a stream: the pieces of text, and the response of the last event.
func readResponse(t *testing.T, resp *http.Response) (text string, last response) {
	t.Helper()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("status %d: %.300s", resp.StatusCode, body)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for number := 0; lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var event struct {
			Type, Delta string
			Response    response
			Number      int `json:"sequence_number"`
		}
		if err := json.Unmarshal([]byte(data), &event); err != nil || event.Number != number {
			t.Fatalf("event %d: %v: %s", number, err, data)
		}
		number++
		last = event.Response
		if event.Type == "response.output_text.delta" {
			text += event.Delta
		}
	}
	if lines.Err() != nil {
		t.Error(lines.Err())
	}
	return text, last
}

const responsesSum = `{"store":false,"input":"What is 2+2?"}`

// TestResponses asks at each path, with each HTTP version, for a whole and for a streamed
// answer: both are the same.
func TestResponses(t *testing.T) {
	s := start(t, nil)
	for name, client := range protocols() {
		for _, path := range []string{"/v1/responses", "/openai/v1/responses", "/responses"} {
			t.Run(name+path, func(t *testing.T) {
				whole := decodeResponse(t, post(t, client, s.url(path), responsesSum, "Authorization", "Bearer sk-none"))
				if whole.Object != "response" || whole.Status != "completed" || whole.Usage == nil || !strings.Contains(whole.text(), "4") {
					t.Fatalf("%+v", whole)
				}
				text, last := readResponse(t, post(t, client, s.url(path), strings.Replace(responsesSum, "{", `{"stream":true,`, 1)))
				if diff := cmp.Diff(whole.text(), text); diff != "" || last.Status != "completed" || last.ID == whole.ID {
					t.Errorf("%+v (-whole +stream):\n%s", last, diff)
				}
				if diff := cmp.Diff(whole.text(), last.text()) + cmp.Diff(whole.Usage, last.Usage); diff != "" {
					t.Errorf("(-whole +last event):\n%s", diff)
				}
			})
		}
	}
}

// codexRequest has what each request of Codex has besides the conversation.
const codexRequest = `{"store":false,"stream":true,"tool_choice":"auto","parallel_tool_calls":true,"prompt_cache_key":"s","client_metadata":{"x":"y"},
	"include":["reasoning.encrypted_content"],"reasoning":{"effort":"low","summary":"auto"},"max_output_tokens":4000,
	"tools":[{"type":"namespace","name":"sky","description":"About the sky.","tools":[{"type":"function","name":"get_weather","strict":false,"parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}]},
		{"type":"custom","name":"apply_patch","format":{"type":"grammar","syntax":"lark","definition":"start: x"}},{"type":"web_search"}],
	"input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"Be brief."}]},
		{"type":"message","role":"user","content":[{"type":"input_text","text":"What is the weather in Seattle?"}]}`

// TestResponsesAgent is a turn of an agent like Codex: a thought and a call in a namespace,
// which go back with the result of the call.
func TestResponsesAgent(t *testing.T) {
	s := start(t, nil)
	client := newClient(false)
	_, first := readResponse(t, post(t, client, s.url("/v1/responses"), codexRequest+`]}`))
	if len(first.Output) < 2 || first.Output[0].Type != "reasoning" || first.Output[0].EncryptedContent == "" {
		t.Fatalf("%+v", first)
	}
	call := first.Output[len(first.Output)-1]
	if call.Type != "function_call" || call.Name != "get_weather" || call.Namespace != "sky" || !strings.Contains(call.Arguments, "Seattle") {
		t.Fatalf("%+v", call)
	}
	arguments, err := json.Marshal(call.Arguments)
	if err != nil {
		t.Fatal(err)
	}
	more := `,{"type":"reasoning","id":"` + first.Output[0].ID + `","summary":[],"encrypted_content":"` + first.Output[0].EncryptedContent + `"},
		{"type":"function_call","call_id":"` + call.CallID + `","namespace":"sky","name":"get_weather","arguments":` + string(arguments) + `},
		{"type":"function_call_output","call_id":"` + call.CallID + `","output":"12 degrees and rain"}`
	if text, last := readResponse(t, post(t, client, s.url("/v1/responses"), codexRequest+more+`]}`)); !strings.Contains(text, "rain") {
		t.Errorf("%+v", last)
	}
}

// TestResponsesErrors: nothing is stored, and errors say so in OpenAI's form.
func TestResponsesErrors(t *testing.T) {
	s := start(t, nil)
	client := newClient(false)
	for _, c := range []struct {
		method, path, body string
		status             int
		message            string
	}{
		{http.MethodPost, "/v1/responses", `{"input":`, 400, "not JSON"},
		{http.MethodPost, "/v1/responses", `{"input":"hi","previous_response_id":"resp_1"}`, 400, "not stored"},
		{http.MethodPost, "/v1/responses", `{"input":"hi","background":true}`, 400, "does not offer"},
		{http.MethodPost, "/v1/responses/compact", `{}`, 404, "not stored"},
		{http.MethodGet, "/v1/responses/resp_1", "", 404, "not stored"},
		{http.MethodDelete, "/openai/v1/responses/resp_1", "", 404, "not stored"},
		{http.MethodGet, "/v1/responses", "", 405, "does not support"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, s.url(c.path), strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		r := decodeResponse(t, resp)
		resp.Body.Close()
		if resp.StatusCode != c.status || r.Error == nil || !strings.Contains(r.Error.Message, c.message) {
			t.Errorf("%s %s: %d, %+v", c.method, c.path, resp.StatusCode, r)
		}
	}
}
