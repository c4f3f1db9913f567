package client

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/internal/eventstream"
)

// stream is a stream of an API: server-sent events, or for Bedrock's own API pairs of
// type and payload.
func stream(api string, events ...string) []byte {
	var out []byte
	if api != Bedrock {
		for _, e := range events {
			out = append(out, ": comment\n\ndata: "+e+"\n\n"...)
		}
		return out
	}
	for i := 0; i < len(events); i += 2 {
		headers := []eventstream.Header{{Name: ":message-type", Value: "event"}, {Name: ":event-type", Value: events[i]}}
		if strings.HasSuffix(events[i], "Exception") {
			headers = []eventstream.Header{{Name: ":message-type", Value: "exception"}, {Name: ":exception-type", Value: events[i]}}
		}
		out = eventstream.AppendMessage(out, headers, []byte(events[i+1]))
	}
	return out
}

// streams have in each API: a thought "Hm" with a signature, the text "Hi there", and
// the call f({"a":1}).
var streams = map[string][]string{
	Gateway: {
		`{"type":"reasoning_delta","delta":"Hm","index":0}`, `{"type":"reasoning_delta","signature":"c2ln","index":0}`,
		`{"type":"content_delta","delta":"Hi ","index":1}`, `{"type":"content_delta","delta":"there","index":1}`,
		`{"type":"tool_use_start","id":"t1","name":"f","index":2}`, `{"type":"tool_use_delta","id":"t1","delta":"{\"a\":","index":2}`,
		`{"type":"tool_use_complete","id":"t1","name":"f","input":{"a":1},"index":2}`,
		`{"type":"message_stop","stop_reason":"tool_use","model":"m"}`,
		`{"type":"metadata","usage":{"input_tokens":3,"output_tokens":4,"cache_read_input_tokens":5,"cache_write_input_tokens":6},"metadata":{"content_blocks":[{"text":"Hi there"}],"cost":{"currency":"USD","micros":5214}}}`,
	},
	OpenAI: {
		`{"model":"m","choices":[{"delta":{"role":"assistant","content":""}}]}`,
		`{"model":"m","choices":[{"delta":{"reasoning_content":"Hm"}}]}`,
		`{"model":"m","choices":[{"delta":{"thinking_blocks":[{"type":"thinking","thinking":"Hm","signature":"c2ln","index":0}]}}]}`,
		`{"model":"m","choices":[{"delta":{"content":"Hi "}}]}`, `{"model":"m","choices":[{"delta":{"content":"there"}}]}`,
		`{"model":"m","choices":[{"delta":{"tool_calls":[{"index":0,"id":"t1","type":"function","function":{"name":"f","arguments":""}}]}}]}`,
		`{"model":"m","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}}]}`,
		`{"model":"m","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}`,
		`{"model":"m","choices":[{"delta":{},"finish_reason":"tool_use"}]}`,
		`{"model":"m","choices":[],"usage":{"prompt_tokens":14,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":6}},"bedrock":{"cost":{"currency":"USD","micros":5214}}}`,
		`[DONE]`,
	},
	Anthropic: {
		`{"type":"message_start","message":{"model":"m"}}`,
		`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Hm"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}`, `{"type":"ping"}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi "}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"there"}}`,
		`{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t1","name":"f","input":{}}}`,
		`{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}`,
		`{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"input_tokens":3,"output_tokens":4,"cache_read_input_tokens":5,"cache_creation_input_tokens":6},"bedrock":{"cost":{"currency":"USD","micros":5214}}}`,
		`{"type":"message_stop"}`,
	},
	Bedrock: {
		"messageStart", `{"role":"assistant"}`,
		"contentBlockDelta", `{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm"}}}`,
		"contentBlockDelta", `{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2ln"}}}`,
		"contentBlockDelta", `{"contentBlockIndex":1,"delta":{"text":"Hi "}}`, "contentBlockDelta", `{"contentBlockIndex":1,"delta":{"text":"there"}}`,
		"contentBlockStart", `{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t1","name":"f"}}}`,
		"contentBlockDelta", `{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"a\":"}}}`, "contentBlockDelta", `{"contentBlockIndex":2,"delta":{"toolUse":{"input":"1}"}}}`,
		"messageStop", `{"stopReason":"tool_use"}`,
		"metadata", `{"usage":{"inputTokens":3,"outputTokens":4,"cacheReadInputTokens":5,"cacheWriteInputTokens":6}}`,
	},
	Responses: {
		`{"type":"response.created","response":{"model":"m","output":[],"usage":null,"error":null,"incomplete_details":null}}`,
		`{"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"Hm"}`,
		`{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[],"encrypted_content":"e1"}}`,
		`{"type":"response.output_text.delta","output_index":1,"delta":"Hi "}`, `{"type":"response.output_text.delta","output_index":1,"delta":"there"}`,
		`{"type":"response.output_text.done","output_index":1,"text":"Hi there"}`,
		`{"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"a\":"}`,
		`{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"t1","name":"f","arguments":"{\"a\":1}"}}`,
		`{"type":"response.completed","response":{"model":"m","output":[{"type":"reasoning","encrypted_content":"e1"},{"type":"message"}],"incomplete_details":null,` +
			`"usage":{"input_tokens":14,"output_tokens":4,"input_tokens_details":{"cached_tokens":5,"cache_write_tokens":6}},"bedrock":{"cost":{"currency":"USD","micros":5214}}}}`,
	},
}

// assistants are the answers of streams as messages: a model gets back what it has said,
// with its signature.
var assistants = map[string]string{
	Gateway: `{"role":"assistant","content":[{"text":"Hi there"}]}`,
	OpenAI: `{"role":"assistant","content":"Hi there","tool_calls":[{"id":"t1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}],` +
		`"thinking_blocks":[{"type":"thinking","thinking":"Hm","signature":"c2ln","index":0}]}`,
	Anthropic: `{"role":"assistant","content":[{"type":"thinking","thinking":"Hm","signature":"c2ln"},{"type":"text","text":"Hi there"},{"type":"tool_use","id":"t1","name":"f","input":{"a":1}}]}`,
	Responses: `{"type":"reasoning","encrypted_content":"e1"}` + "\n" + `{"type":"message"}`,
	Bedrock: `{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"Hm","signature":"c2ln"}}},{"text":"Hi there"},` +
		`{"toolUse":{"toolUseId":"t1","name":"f","input":{"a":1}}}]}`,
}

// serve returns a client of a server that answers with a status and a body, and the
// requests that it gets: the path and the body.
func serve(t *testing.T, api string, status int, body []byte) (*Client, *[]string) {
	t.Helper()
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got = append(got, r.URL.EscapedPath()+" "+strings.TrimSpace(string(text)))
		w.Header().Set("X-Request-Id", "r1")
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.Close)
	return &Client{URL: s.URL + "/", API: api, HTTP: s.Client()}, &got
}

// Each API's stream becomes the same answer, and pieces are shown as they arrive.
func TestAsk(t *testing.T) {
	for _, api := range slices.Sorted(maps.Keys(streams)) {
		t.Run(api, func(t *testing.T) {
			c, _ := serve(t, api, 200, stream(api, streams[api]...))
			var pieces []Piece
			a, err := c.Ask(t.Context(), &Request{Model: "m"}, func(p Piece) { pieces = append(pieces, p) })
			if err != nil {
				t.Fatal(err)
			}
			got := []any{pieces, a.Text(), a.Reasoning(), a.Calls(), a.Model, a.StopReason, a.Usage, a.RequestID, a.Cost}
			stop, price := "tool_use", "0.005214 USD"
			switch api {
			case Bedrock:
				price = "" // Bedrock's own API has no place for it
			case Responses:
				stop = "completed"
			}
			want := []any{
				[]Piece{{Reasoning, "Hm"}, {Text, "Hi "}, {Text, "there"}},
				"Hi there", "Hm",
				[]Call{{"t1", "f", json.RawMessage(`{"a":1}`)}},
				"m", stop,
				Usage{3, 4, 5, 6},
				"r1", price,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			message, err := c.Assistant(a)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, m := range message {
				said = append(said, strings.TrimSpace(string(m)))
			}
			if diff := cmp.Diff(assistants[api], strings.Join(said, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever a stream is cut to, it is not taken for a whole answer.
func TestCut(t *testing.T) {
	for _, api := range slices.Sorted(maps.Keys(streams)) {
		last := map[string]int{Gateway: 2, OpenAI: 1, Anthropic: 1, Bedrock: 4, Responses: 1}[api] // events from the stop on
		events := streams[api][:len(streams[api])-last]
		c, _ := serve(t, api, 200, stream(api, events...))
		a, err := c.Ask(t.Context(), &Request{Model: "m"}, nil)
		if !errors.Is(err, ErrCut) || a.Text() != "Hi there" {
			t.Errorf("%s: %v, %q", api, err, a.Text())
		}
		whole := stream(api, events...)
		c, _ = serve(t, api, 200, whole[:len(whole)-5])
		if _, err := c.Ask(t.Context(), &Request{Model: "m"}, nil); err == nil {
			t.Errorf("%s: half an event was accepted", api)
		}
	}
}

// Errors are told with all that the server has told, before and within a stream.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		api, body, want string
	}{
		{Gateway, `{"detail":"Too many.","error":{"type":"bedrock_throttled","hint":"Wait.","path":"model"}}`, "503 Service Unavailable: bedrock_throttled: Too many. (at model) (hint: Wait.) (request r1)"},
		{Gateway, `{"detail":[{"loc":["body"],"msg":"no"}]}`, `503 Service Unavailable: [{"loc":["body"],"msg":"no"}] (request r1)`},
		{OpenAI, `{"error":{"message":"Too long.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`, "503 Service Unavailable: context_length_exceeded: Too long. (at messages) (request r1)"},
		{Anthropic, `{"type":"error","error":{"type":"overloaded_error","message":"Busy."}}`, "503 Service Unavailable: overloaded_error: Busy. (request r1)"},
		{Bedrock, `{"message":"Slow down."}`, "503 Service Unavailable: Slow down. (request r1)"},
		{Gateway, "<html>proxy</html>", "503 Service Unavailable: <html>proxy</html> (request r1)"},
		{Gateway, "", "503 Service Unavailable: no message (request r1)"},
	} {
		client, _ := serve(t, c.api, 503, []byte(c.body))
		if _, err := client.Ask(t.Context(), &Request{Model: "m"}, nil); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", c.body, err)
		}
	}
	for api, events := range map[string][]string{
		Gateway:   {`{"type":"error","detail":"It broke.","error":{"type":"broken"}}`},
		OpenAI:    {`{"error":{"message":"It broke.","type":"broken","param":null,"code":null}}`},
		Anthropic: {`{"type":"error","error":{"type":"broken","message":"It broke."}}`},
		Bedrock:   {"brokenException", `{"message":"It broke."}`},
		Responses: {`{"type":"response.failed","response":{"error":{"code":"broken","message":"It broke."}}}`},
	} {
		c, _ := serve(t, api, 200, stream(api, append(streams[api][:2:2], events...)...))
		_, err := c.Ask(t.Context(), &Request{Model: "m"}, nil)
		want := "broken: It broke. (request r1)"
		if api == Bedrock {
			want = "brokenException: It broke. (request r1)"
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v", api, err)
		}
	}
}

// The requests, as each API's clients write them.
func TestRequests(t *testing.T) {
	want := map[string]string{
		Gateway: `/api/v1/llm/completions/stream {"model":"a/b:1","system":"Be <brief>.","max_tokens":9,"messages":[{"role":"user","content":"<hi>"},{"role":"user","tool_results":[{"tool_use_id":"t1","content":"rain"}]}],` +
			`"tools":[{"name":"f","description":"F.","input_schema":{"type":"object"}}]}`,
		OpenAI: `/v1/chat/completions {"model":"a/b:1","max_completion_tokens":9,"messages":[{"role":"system","content":"Be <brief>."},{"role":"user","content":"<hi>"},{"role":"tool","content":"rain","tool_call_id":"t1"}],` +
			`"tools":[{"type":"function","function":{"name":"f","description":"F.","parameters":{"type":"object"}}}],"stream":true,"stream_options":{"include_usage":true}}`,
		Anthropic: `/v1/messages {"model":"a/b:1","max_tokens":9,"system":"Be <brief>.","messages":[{"role":"user","content":[{"type":"text","text":"<hi>"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"rain"}]}],` +
			`"tools":[{"name":"f","description":"F.","input_schema":{"type":"object"}}],"stream":true}`,
		Responses: `/v1/responses {"model":"a/b:1","instructions":"Be <brief>.","max_output_tokens":9,"input":[{"role":"user","content":"<hi>"},{"type":"function_call_output","call_id":"t1","output":"rain"}],` +
			`"tools":[{"type":"function","name":"f","description":"F.","parameters":{"type":"object"}}],"include":["reasoning.encrypted_content"],"stream":true,"store":false}`,
		Bedrock: `/model/a%2Fb:1/converse-stream {"inferenceConfig":{"maxTokens":9},"messages":[{"role":"user","content":[{"text":"<hi>"}]},{"role":"user","content":[{"toolResult":{"toolUseId":"t1","content":[{"text":"rain"}]}}]}],` +
			`"system":[{"text":"Be <brief>."}],"toolConfig":{"tools":[{"toolSpec":{"description":"F.","inputSchema":{"json":{"type":"object"}},"name":"f"}}]}}`,
	}
	for _, api := range slices.Sorted(maps.Keys(streams)) {
		c, got := serve(t, api, 200, stream(api, streams[api]...))
		r := &Request{Model: "a/b:1", System: "Be <brief>.", MaxTokens: 9, Tools: []Tool{{"f", "F.", json.RawMessage(`{"type":"object"}`)}}}
		for _, in := range []Input{{Text: "<hi>"}, {Results: []Result{{"t1", "rain"}}}} {
			messages, err := c.Messages(in)
			if err != nil {
				t.Fatal(err)
			}
			r.Messages = append(r.Messages, messages...)
		}
		if _, err := c.Ask(t.Context(), r, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[api], (*got)[0]); diff != "" {
			t.Errorf("%s: %s", api, diff)
		}
	}
}
