package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"bedrock-extproc/tests/fakebedrock"
)

// planted are texts that no output may have: one for each place where a request, an answer
// or a configuration can hold content or a credential.
func planted() map[string]string {
	places := map[string]string{}
	for _, place := range []string{
		"system", "user", "assistant", "tool-name", "tool-description", "tool-schema", "tool-input", "tool-result", "stop-sequence", "image", "document",
		"metadata", "member", "query", "authorization", "access-key", "secret-key", "session-token", "cookie", "header",
		"answer", "reasoning", "exception", "otlp-header", "external-id", "endpoint-password", "variable",
	} {
		places[place] = strings.ReplaceAll("PLANTED-"+strings.ToUpper(place)+"-7f3a", "-", "x")
	}
	return places
}

// canary is in a place that all outputs show: it proves that they are searched.
const canary = "canary-2b1c"

// TestNothingLeaks sends content and credentials in every place, through every API, and
// looks for them in every output: the log at its most talkative level, metrics, spans, the
// pages below /debug, and Envoy's access log.
func TestNothingLeaks(t *testing.T) {
	p := planted()
	config := fmt.Sprintf(`
bedrock_extproc:
  retry: {attempts: 1}
providers:
  llm:
    default: main
    backends:
      main: {backend: a.BedrockConverseProvider, config: {default_model: us.amazon.nova-lite-v1:0, request_metadata: {note: "${PLANTED_VARIABLE}"}}}
      other: {backend: a.BedrockConverseProvider, config: {external_id: %s, role_arn: "arn:aws:iam::123456789012:role/r", endpoint_url: "http://u:%s@127.0.0.1:1"}}
`, p["external-id"], p["endpoint-password"])
	t.Setenv("PLANTED_VARIABLE", p["variable"])
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-secret="+p["otlp-header"])
	s, c := startObserved(t, config, secretive(t, p), "-log-level", "debug", "-pprof")
	client, calls := newClient(false), 0
	for _, path := range []string{"/api/v1/llm/completions", "/api/v1/llm/completions/stream", "/v1/chat/completions", "/v1/responses", "/v1/messages", "/model/us.amazon.nova-lite-v1:0/converse", "/model/us.amazon.nova-lite-v1:0/converse-stream"} {
		for _, body := range bodies(path, p) {
			for _, keys := range [][]string{nil, {"x-aws-access-key-id", p["access-key"], "x-aws-secret-access-key", p["secret-key"], "x-aws-session-token", p["session-token"]}} {
				headers := append([]string{"x-request-id", canary, "authorization", "Bearer " + p["authorization"], "cookie", "c=" + p["cookie"], "x-other", p["header"], "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, keys...)
				resp := post(t, client, s.url(path+"?q="+p["query"]), body, headers...)
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				calls++
			}
		}
	}
	s.awaitRequests(t, calls)
	outputs := map[string]string{}
	for _, page := range []string{"/metrics", "/", "/debug/calls", "/debug/status", "/debug/config", "/readyz", "/debug/pprof/goroutine?debug=2"} {
		outputs[page] = fetchPage(t, s.sidecar.admin+page)
	}
	outputs["access log"] = fmt.Sprint(s.envoy.AccessLog(t, calls))
	s.sidecar.signal(t, syscall.SIGTERM)
	<-s.sidecar.ended
	outputs["log"] = s.sidecar.logged()
	c.mu.Lock()
	outputs["OTLP"] = string(c.raw)
	c.mu.Unlock()
	for name, output := range outputs {
		for place, text := range p {
			if strings.Contains(output, text) {
				t.Errorf("%s has the text planted in %s", name, place)
			}
		}
	}
	for _, name := range []string{"log", "OTLP", "access log", "/debug/calls"} {
		if !strings.Contains(outputs[name], canary) {
			t.Errorf("%s does not have the canary: it is not searched", name)
		}
	}
	if sent := string(sentBodies(s)); !strings.Contains(sent, p["user"]) || !strings.Contains(sent, p["tool-input"]) || !strings.Contains(sent, p["variable"]) {
		t.Error("the planted content has not reached Bedrock")
	}
}

// secretive answers with planted content, or with a planted message of an error.
func secretive(t *testing.T, p map[string]string) func(*fakebedrock.Request) fakebedrock.Behaviour {
	t.Helper()
	e, ok := fakebedrock.NewException("ValidationException", p["exception"])
	if !ok {
		t.Fatal("no exception")
	}
	return func(r *fakebedrock.Request) fakebedrock.Behaviour {
		if bytes.Contains(r.Body, []byte("fail")) {
			return fakebedrock.Behaviour{Exception: e}
		}
		return fakebedrock.Behaviour{Answer: fakebedrock.Answer{Text: p["answer"], Reasoning: p["reasoning"]}}
	}
}

// bodies are requests of an API with planted content: one that succeeds, one that Bedrock
// rejects, one that the sidecar rejects, and one that is not JSON.
func bodies(path string, p map[string]string) []string {
	broken := []string{fmt.Sprintf(`{"messages":%q}`, p["user"]), `{"messages":` + p["user"]}
	var good string
	switch {
	case strings.HasPrefix(path, "/model/"):
		good = fmt.Sprintf(`{"system":[{"text":%q}],"messages":[{"role":"user","content":[{"text":%q}]},{"role":"assistant","content":[{"text":%q},{"toolUse":{"toolUseId":"t1","name":"lookup","input":{"q":%q}}}]},
			{"role":"user","content":[{"toolResult":{"toolUseId":"t1","content":[{"text":%q}]}},{"text":"go"}]}],"toolConfig":{"tools":[{"toolSpec":{"name":"lookup","description":%q,"inputSchema":{"json":{"type":"object","description":%q}}}}]}}`,
			p["system"], p["user"], p["assistant"], p["tool-input"], p["tool-result"], p["tool-description"], p["tool-schema"])
	case path == "/v1/messages":
		good = fmt.Sprintf(`{"model":"us.amazon.nova-lite-v1:0","max_tokens":100,"system":%q,"messages":[{"role":"user","content":%q},{"role":"assistant","content":[{"type":"text","text":%q},{"type":"tool_use","id":"t1","name":"lookup","input":{"q":%q}}]},
			{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":%q},{"type":"text","text":"go"}]}],"tools":[{"name":"lookup","description":%q,"input_schema":{"type":"object","description":%q}}],"metadata":{"user_id":%q},"unknown":%q}`,
			p["system"], p["user"], p["assistant"], p["tool-input"], p["tool-result"], p["tool-description"], p["tool-schema"], p["metadata"], p["member"])
	case path == "/v1/responses":
		good = fmt.Sprintf(`{"model":"us.amazon.nova-lite-v1:0","instructions":%q,"input":[{"role":"user","content":%q},{"type":"message","role":"assistant","content":[{"type":"output_text","text":%q}]},{"type":"function_call","call_id":"t1","name":"lookup","arguments":"{\"q\":\"%s\"}"},
			{"type":"function_call_output","call_id":"t1","output":%q},{"role":"user","content":"go"}],"tools":[{"type":"function","name":"lookup","description":%q,"parameters":{"type":"object","description":%q}}],"metadata":{"k":%q},"unknown":%q}`,
			p["system"], p["user"], p["assistant"], p["tool-input"], p["tool-result"], p["tool-description"], p["tool-schema"], p["metadata"], p["member"])
	case path == "/v1/chat/completions":
		good = fmt.Sprintf(`{"model":"us.amazon.nova-lite-v1:0","messages":[{"role":"system","content":%q},{"role":"user","content":%q},{"role":"assistant","content":%q,"tool_calls":[{"id":"t1","type":"function","function":{"name":"lookup","arguments":"{\"q\":\"%s\"}"}}]},
			{"role":"tool","tool_call_id":"t1","content":%q},{"role":"user","content":"go"}],"tools":[{"type":"function","function":{"name":"lookup","description":%q,"parameters":{"type":"object","description":%q}}}],"stop":[%q],"unknown":%q}`,
			p["system"], p["user"], p["assistant"], p["tool-input"], p["tool-result"], p["tool-description"], p["tool-schema"], p["stop-sequence"], p["member"])
	default:
		good = fmt.Sprintf(`{"messages":[{"role":"system","content":%q},{"role":"user","content":%q},{"role":"assistant","content":%q,"tool_calls":[{"id":"t1","name":"lookup","input":{"q":%q}}]},
			{"role":"tool","tool_call_id":"t1","content":%q},{"role":"user","content":"go"}],"tools":[{"name":"lookup","description":%q,"input_schema":{"type":"object","description":%q}}],"unknown":%q}`,
			p["system"], p["user"], p["assistant"], p["tool-input"], p["tool-result"], p["tool-description"], p["tool-schema"], p["member"])
	}
	return append(broken, good, strings.ReplaceAll(good, `"go"`, `"fail"`))
}

func sentBodies(s *system) []byte {
	var all []byte
	for _, call := range s.bedrock.Calls() {
		all = append(all, call.Body...)
	}
	return all
}

func fetchPage(t *testing.T, url string) string {
	t.Helper()
	status, body := get(t, url)
	if status != http.StatusOK {
		t.Errorf("%s: status %d, %s", url, status, body)
	}
	return body
}
