package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The README's requests.
const (
	askSum     = `{"model": "us.anthropic.claude-sonnet-4-20250514-v1:0", "messages": [{"role": "user", "content": "What is 2+2?"}], "temperature": 0.7}`
	askExplain = `{"messages": [{"role": "user", "content": "Explain quantum computing"}]}`
	askWeather = `{
    "messages": [{"role": "user", "content": "What is the weather in Seattle?"}],
    "tools": [
      {
        "name": "get_weather",
        "description": "Get current weather for a city",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}
      }
    ],
    "tool_choice": "auto"
  }`
)

func TestReadmeExamples(t *testing.T) {
	s := start(t, nil)
	for name, client := range protocols() {
		t.Run(name, func(t *testing.T) {
			t.Run("whole", func(t *testing.T) { wholeExample(t, s, client) })
			t.Run("streamed", func(t *testing.T) { streamedExample(t, s, client) })
			t.Run("tool", func(t *testing.T) { toolExample(t, s, client) })
		})
	}
}

func wholeExample(t *testing.T, s *system, client *http.Client) {
	resp := post(t, client, s.completions(), askSum, "X-Request-Id", "req-7", "X-Correlation-Id", "corr-7")
	a := decode(t, resp)
	if resp.StatusCode != http.StatusOK || !strings.Contains(a.Content, "4") || a.StopReason != "end_turn" {
		t.Errorf("status %d, answer %+v", resp.StatusCode, a)
	}
	if a.Model != "us.anthropic.claude-sonnet-4-20250514-v1:0" || a.Usage.InputTokens == 0 || a.Usage.OutputTokens == 0 {
		t.Errorf("model %q, usage %+v", a.Model, a.Usage)
	}
	if got := resp.Header.Get("X-Request-Id") + " " + resp.Header.Get("X-Correlation-Id"); got != "req-7 corr-7" {
		t.Errorf("ids %q are not echoed", got)
	}
	calls := s.bedrock.Calls()
	call := calls[len(calls)-1]
	if want := `{"inferenceConfig":{"temperature":0.7},"messages":[{"content":[{"text":"What is 2+2?"}],"role":"user"}]}`; string(call.Body) != want {
		t.Errorf("Bedrock got %s, want %s", call.Body, want)
	}
}

func streamedExample(t *testing.T, s *system, client *http.Client) {
	resp := post(t, client, s.stream(), askExplain)
	list := readEvents(t, resp).all()
	if diff := cmp.Diff([]string{"content_delta", "message_stop", "metadata"}, kinds(list)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if !strings.Contains(text(list), "Quantum computing") {
		t.Errorf("text %q", text(list))
	}
	last := list[len(list)-1]
	if last.Usage == nil || last.Usage.OutputTokens == 0 {
		t.Errorf("usage %+v", last.Usage)
	}
	if got := resp.Header.Get("Cache-Control"); got != "no-cache, no-transform" {
		t.Errorf("cache-control %q", got)
	}
}

func toolExample(t *testing.T, s *system, client *http.Client) {
	a := decode(t, post(t, client, s.completions(), askWeather))
	if len(a.ToolCalls) != 1 || a.StopReason != "tool_use" {
		t.Fatalf("answer %+v", a)
	}
	if c := a.ToolCalls[0]; c.ID == "" || c.Name != "get_weather" || string(c.Input) != `{"city":"Seattle"}` {
		t.Errorf("tool call %s %s %s", c.ID, c.Name, c.Input)
	}
}

// TestToolRoundTrip calls two tools in parallel and sends each result in its own
// message, as clients do.
func TestToolRoundTrip(t *testing.T) {
	s := start(t, nil)
	client := newClient(true)
	ask := strings.Replace(askWeather, "Seattle?", "Seattle and in Paris?", 1)
	list := readEvents(t, post(t, client, s.stream(), ask)).all()
	var uses []event
	for _, ev := range list {
		if ev.Type == "tool_use_complete" {
			uses = append(uses, ev)
		}
	}
	if len(uses) != 2 {
		t.Fatalf("%d tool calls in %v, want 2", len(uses), kinds(list))
	}
	var calls, results []string
	for i, use := range uses {
		calls = append(calls, fmt.Sprintf(`{"id":%q,"name":%q,"input":%s}`, use.ID, use.Name, use.Input))
		results = append(results, fmt.Sprintf(`{"tool_results":[{"tool_use_id":%q,"content":"%d degrees"}]}`, use.ID, 10+i))
	}
	i := strings.Index(ask, `}],`)
	body := ask[:i+1] + `,{"role":"assistant","tool_calls":[` + strings.Join(calls, ",") + `]},` + strings.Join(results, ",") + ask[i+1:]
	a := decode(t, post(t, client, s.completions(), body))
	if !strings.Contains(a.Content, "10 degrees") || !strings.Contains(a.Content, "11 degrees") {
		t.Errorf("answer %+v", a)
	}
}

func TestPages(t *testing.T) {
	s := start(t, nil)
	want := map[string]string{
		"/healthz":                 `{"status":"ok"}`,
		"/readyz":                  `{"status":"ok","checks":{"config":"ok","llm/default":"ok"}}`,
		"/readyz/":                 `{"status":"ok","checks":{"config":"ok","llm/default":"ok"}}`,
		"/api/v1/providers":        `{"llm":{"default":"default","available":["default"]}}`,
		"/api/v1/providers/status": `{"checks":{"llm/default":"ok"}}`,
		"/api/v1/llm/models":       `{"models":[{"name":"us.anthropic.claude-sonnet-4-20250514-v1:0","provider":"bedrock","capabilities":["chat","tool_use"]}]}`,
	}
	for path, body := range want {
		resp, err := newClient(false).Get(s.url(path))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || string(got) != body {
			t.Errorf("%s: %d %s, want %s", path, resp.StatusCode, got, body)
		}
	}
}

// TestAccessLog checks that the logs have the facts and no credentials.
func TestAccessLog(t *testing.T) {
	s := start(t, nil)
	client := newClient(false)
	post(t, client, s.completions()+"?token=top-secret", askSum)
	readEvents(t, post(t, client, s.stream(), askExplain, "X-AWS-Access-Key-Id", "AKIDFAKEBEDROCK",
		"X-AWS-Secret-Access-Key", "fake-bedrock-secret-key", "X-AWS-Region", "eu-west-1")).all()

	entries := s.envoy.AccessLog(t, 2)
	slices.SortFunc(entries, func(a, b map[string]any) int { return strings.Compare(a["path"].(string), b["path"].(string)) })
	for i, entry := range entries[:2] {
		if entry["output_tokens"].(float64) == 0 || entry["stop_reason"] != "end_turn" || entry["model"] == nil || entry["attempts"] != 1.0 {
			t.Errorf("entry %d: %v", i, entry)
		}
	}
	if entries[1]["region"] != "eu-west-1" {
		t.Errorf("region %v", entries[1]["region"])
	}
	for _, secret := range []string{"top-secret", "AKIDFAKEBEDROCK", "fake-bedrock-secret-key", "quantum"} {
		if text := fmt.Sprint(entries); strings.Contains(text, secret) {
			t.Errorf("the access log contains %q", secret)
		}
		if strings.Contains(s.sidecar.logged(), secret) {
			t.Errorf("the sidecar's log contains %q", secret)
		}
	}
}
