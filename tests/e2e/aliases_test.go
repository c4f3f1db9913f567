package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// namesOfOthers is a configuration for clients that ask for models of other providers.
const namesOfOthers = `providers:
  llm:
    backend: BedrockConverseProvider
    config:
      region: us-east-1
      default_model: us.anthropic.claude-sonnet-4-20250514-v1:0
      models:
        claude-*: us.anthropic.claude-sonnet-4-5-20250929-v1:0
        claude-*[1m]: us.amazon.nova-pro-v1:0
        claude-haiku-4-5: us.amazon.nova-micro-v1:0
`

// TestAliasPatterns: in each API a name of the client's own is called by the model id that it
// stands for, and one that stands for none is that API's error, with the names that there are.
func TestAliasPatterns(t *testing.T) {
	s := start(t, nil, "-config", configFile(t, namesOfOthers))
	body := func(model string) string {
		return `{"model":"` + model + `","max_tokens":99,"messages":[{"role":"user","content":"hi"}]}`
	}
	for path, unknown := range map[string]struct {
		status int
		has    string
	}{
		"/api/v1/llm/completions":        {http.StatusBadRequest, `"type":"bedrock_validation"`},
		"/api/v1/llm/completions/stream": {http.StatusBadRequest, `"type":"bedrock_validation"`},
		"/v1/chat/completions":           {http.StatusNotFound, `"code":"model_not_found"`},
		"/v1/messages":                   {http.StatusNotFound, `"type":"not_found_error"`},
	} {
		for name, model := range map[string]string{
			"claude-opus-4":                             "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
			"claude-opus-4-8[1m]":                       "us.amazon.nova-pro-v1:0",
			"claude-haiku-4-5":                          "us.amazon.nova-micro-v1:0",
			"us.anthropic.claude-3-haiku-20240307-v1:0": "us.anthropic.claude-3-haiku-20240307-v1:0",
		} {
			resp := post(t, newClient(false), s.url(path), body(name))
			text, err := io.ReadAll(resp.Body)
			calls := s.bedrock.Calls()
			if got := calls[len(calls)-1].ModelID; err != nil || resp.StatusCode != http.StatusOK || got != model {
				t.Errorf("%s, %s: status %d, %v, model %s: %.300s", path, name, resp.StatusCode, err, got, text)
			}
		}
		resp := post(t, newClient(false), s.url(path), body("gpt-4o"))
		text, err := io.ReadAll(resp.Body)
		const list = "The models of this gateway are: us.anthropic.claude-sonnet-4-20250514-v1:0, claude-haiku-4-5, claude-*[1m], claude-*."
		if err != nil || resp.StatusCode != unknown.status || !strings.Contains(string(text), unknown.has) || !strings.Contains(string(text), list) {
			t.Errorf("%s: status %d, %v: %s", path, resp.StatusCode, err, text)
		}
	}
	resp := post(t, newClient(false), s.url("/model/claude-opus-4-8%5B1m%5D/converse"), `{"messages":[{"role":"user","content":[{"text":"hi"}]}]}`)
	if calls := s.bedrock.Calls(); resp.StatusCode != http.StatusOK || calls[len(calls)-1].ModelID != "us.amazon.nova-pro-v1:0" {
		t.Errorf("Bedrock's API: status %d", resp.StatusCode)
	}
}
