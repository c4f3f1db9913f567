package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bedrock-extproc/tests/fakebedrock"
)

// twoRegions is the README's configuration with a fallback.
const twoRegions = `providers:
  llm:
    default: "bedrock-us"
    backends:
      bedrock-us:
        backend: "agentic_primitives_gateway.primitives.llm.bedrock.BedrockConverseProvider"
        config:
          region: "us-east-1"
          default_model: "us.anthropic.claude-sonnet-4-20250514-v1:0"
          fallback: [bedrock-eu]
          models: {fast: us.amazon.nova-micro-v1:0}
      bedrock-eu:
        backend: "agentic_primitives_gateway.primitives.llm.bedrock.BedrockConverseProvider"
        config:
          region: "eu-west-1"
          default_model: "eu.anthropic.claude-sonnet-4-20250514-v1:0"
          models: {"us.anthropic.claude-sonnet-4-20250514-v1:0": "eu.anthropic.claude-sonnet-4-20250514-v1:0"}
`

func configFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestBackends selects regions by header and models by alias.
func TestBackends(t *testing.T) {
	s := start(t, nil, "-config", configFile(t, twoRegions))
	for name, c := range map[string]struct {
		headers       []string
		body          string
		region, model string
	}{
		"the default":   {nil, askExplain, "us-east-1", "us.anthropic.claude-sonnet-4-20250514-v1:0"},
		"by X-Provider": {[]string{"X-Provider", "bedrock-eu"}, askExplain, "eu-west-1", "eu.anthropic.claude-sonnet-4-20250514-v1:0"},
		"by X-Provider, for another primitive": {
			[]string{"X-Provider", "agentcore"}, askExplain, "us-east-1", "us.anthropic.claude-sonnet-4-20250514-v1:0",
		},
		"X-Provider-LLM beats X-Provider": {
			[]string{"X-Provider", "bedrock-us", "X-Provider-LLM", "bedrock-eu"}, askExplain, "eu-west-1", "eu.anthropic.claude-sonnet-4-20250514-v1:0",
		},
		"an alias": {nil, `{"model": "fast", "messages": [{"role": "user", "content": "hi"}]}`, "us-east-1", "us.amazon.nova-micro-v1:0"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := post(t, newClient(false), s.completions(), c.body, c.headers...)
			if a := decode(t, resp); resp.StatusCode != http.StatusOK {
				t.Fatalf("status %d: %v", resp.StatusCode, a.Detail)
			}
			calls := s.bedrock.Calls()
			if call := calls[len(calls)-1]; call.Region != c.region || call.ModelID != c.model {
				t.Errorf("the call went to %s for %s, want %s for %s", call.Region, call.ModelID, c.region, c.model)
			}
		})
	}
	resp := post(t, newClient(false), s.completions(), askSum, "X-Provider-LLM", "bedrock-uk")
	want := "Unknown llm provider 'bedrock-uk'. Available: bedrock-us, bedrock-eu"
	if a := decode(t, resp); resp.StatusCode != http.StatusBadRequest || a.Detail != want {
		t.Errorf("status %d, detail %v", resp.StatusCode, a.Detail)
	}
}

// TestFallback throttles one region. No client notices while the other region works,
// and traffic returns after the region recovers.
func TestFallback(t *testing.T) {
	throttled := make(chan bool, 1)
	throttled <- true
	s := start(t, func(r *fakebedrock.Request) fakebedrock.Behaviour {
		now := <-throttled
		throttled <- now
		if now && r.Region == "us-east-1" {
			return fakebedrock.Behaviour{Exception: fakebedrock.Throttling()}
		}
		return fakebedrock.Behaviour{}
	}, "-config", configFile(t, twoRegions+"bedrock_extproc:\n  cool_down: {first: 50ms, max: 100ms}\n"))
	client := newClient(false)
	ask := func(url string) (backend, attempts string) {
		t.Helper()
		resp := post(t, client, url, askExplain)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d", resp.StatusCode)
		}
		if strings.HasSuffix(url, "/stream") {
			if list := readEvents(t, resp).all(); list[len(list)-1].Type != "metadata" {
				t.Fatalf("the stream ended with %+v", list[len(list)-1])
			}
		} else {
			decode(t, resp)
		}
		return resp.Header.Get("X-Bedrock-Backend"), resp.Header.Get("X-Bedrock-Attempts")
	}
	for range 20 {
		for _, url := range []string{s.completions(), s.stream()} {
			if backend, attempts := ask(url); backend != "bedrock-eu" {
				t.Fatalf("answered by %s after %s attempts", backend, attempts)
			}
		}
	}
	<-throttled
	throttled <- false
	for i := 0; ; i++ {
		backend, _ := ask(s.completions())
		if backend == "bedrock-us" {
			break
		}
		if i > 2000 {
			t.Fatal("traffic does not return")
		}
	}
}
