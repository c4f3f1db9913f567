package chat

import (
	"strings"
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/family"
)

func decode(t *testing.T, settings converse.Settings, body string) (*translator.Call, error) {
	t.Helper()
	d, err := New(settings, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return d.Decode(translator.Request{Body: []byte(body), DefaultModel: "anthropic.claude-3-haiku-20240307-v1:0"})
}

const (
	hi       = `"messages":[{"role":"user","content":"hi"}]`
	toolCall = `{"role":"assistant","tool_calls":[{"id":"t1","name":"f"}]}`
)

// TestWrongTypes: each is refused with its path, in every mode.
func TestWrongTypes(t *testing.T) {
	for body, want := range map[string]string{
		"":                                       "",
		"\"x\"":                                  "",
		"{" + hi:                                 "",
		"{" + hi + "} {}":                        "",
		"{}":                                     "messages",
		`{"messages":null}`:                      "messages",
		`{"messages":"x"}`:                       "messages",
		`{"messages":["x"]}`:                     "messages[0]",
		`{"messages":[{"content":{"text":""}}]}`: "messages[0].content",
		`{"messages":[{"content":[[]]}]}`:        "messages[0].content[0]",
		`{"messages":[{"content":[{"text":1}]}]}`:                                                     "messages[0].content[0].text",
		`{"messages":[{"content":[{"image":"x"}]}]}`:                                                  "messages[0].content[0].image",
		`{"messages":[{"role":"assistant","tool_calls":{}}]}`:                                         "messages[0].tool_calls",
		`{"messages":[{"role":"assistant","tool_calls":[7]}]}`:                                        "messages[0].tool_calls[0]",
		`{"messages":[{"role":"assistant","tool_calls":[{"id":1,"name":"f"}]}]}`:                      "messages[0].tool_calls[0].id",
		`{"messages":[{"tool_results":"x"}]}`:                                                         "messages[0].tool_results",
		`{"messages":[{"tool_results":["x"]}]}`:                                                       "messages[0].tool_results[0]",
		`{"messages":[{"tool_result":"x"}]}`:                                                          "messages[0].tool_result",
		`{"messages":[{"tool_result":{"tool_use_id":"t","is_error":"maybe"}}]}`:                       "messages[0].tool_result.is_error",
		`{"messages":[{"tool_result":{"tool_use_id":"t","status":1}}]}`:                               "messages[0].tool_result.status",
		`{"system":7,` + hi + `}`:                                                                     "system",
		`{"model":7,` + hi + `}`:                                                                      "model",
		`{"max_tokens":"seven",` + hi + `}`:                                                           "max_tokens",
		`{"top_p":true,` + hi + `}`:                                                                   "top_p",
		`{"top_k":"seven",` + hi + `}`:                                                                "top_k",
		`{"stop":{},` + hi + `}`:                                                                      "stop",
		`{"stop":["x",7],` + hi + `}`:                                                                 "stop[1]",
		`{"tools":{},` + hi + `}`:                                                                     "tools",
		`{"tools":["f"],` + hi + `}`:                                                                  "tools[0]",
		`{"tools":[{"name":7}],` + hi + `}`:                                                           "tools[0].name",
		`{"tools":[{"name":"f","description":7}],` + hi + `}`:                                         "tools[0].description",
		`{"tools":[{"name":"f","input_schema":"x"}],` + hi + `}`:                                      "tools[0].input_schema",
		`{"tools":[{"type":"function","function":"f"}],` + hi + `}`:                                   "tools[0].function",
		`{"tools":[{"toolSpec":7}],` + hi + `}`:                                                       "tools[0].toolSpec",
		`{"tool_choice":7,` + hi + `}`:                                                                "tool_choice",
		`{"additional_model_response_field_paths":"/a",` + hi + `}`:                                   "additional_model_response_field_paths",
		`{"additional_model_response_field_paths":[7],` + hi + `}`:                                    "additional_model_response_field_paths[0]",
		`{"guardrail":"g",` + hi + `}`:                                                                "guardrail",
		`{"guardrail":{"id":7},` + hi + `}`:                                                           "guardrail.id",
		`{"performance":7,` + hi + `}`:                                                                "performance",
		`{"project_identifier":7,` + hi + `}`:                                                         "project_identifier",
		`{"service_tier":[],` + hi + `}`:                                                              "service_tier",
		`{"request_metadata":[],` + hi + `}`:                                                          "request_metadata",
		`{"prompt_variables":[],` + hi + `}`:                                                          "prompt_variables",
		`{"stream_options":7,` + hi + `}`:                                                             "stream_options",
		`{"output_config":"x",` + hi + `}`:                                                            "output_config",
		`{"response_format":"json",` + hi + `}`:                                                       "response_format",
		`{"response_format":{"type":7},` + hi + `}`:                                                   "response_format.type",
		`{"response_format":{"type":"json_schema"},` + hi + `}`:                                       "response_format.json_schema",
		`{"response_format":{"type":"json_schema","json_schema":{"schema":7}},` + hi + `}`:            "response_format.json_schema.schema",
		`{"response_format":{"type":"json_schema","json_schema":{"name":7,"schema":{}}},` + hi + `}`:  "response_format.json_schema.name",
		`{"response_format":{"type":"json_schema","json_schema":{"schema":"{\"a\""}},` + hi + `}`:     "response_format.json_schema.schema",
		`{"messages":[{"content":[{"image":{"format":7,"source":{}}}]}]}`:                             "messages[0].content[0].image.format",
		`{"messages":[{"content":[{"image":{"format":"png","source":"x"}}]}]}`:                        "messages[0].content[0].image.source",
		`{"messages":[{"content":[{"image":{"format":"png","source":{"bytes":7}}}]}]}`:                "messages[0].content[0].image.source.bytes",
		`{"messages":[{"content":[{"document":{"name":7,"source":{"text":"x"}}}]}]}`:                  "messages[0].content[0].document.name",
		`{"messages":[{"content":[{"toolResult":{"toolUseId":"t","content":{}}}]}]}`:                  "messages[0].content[0].toolResult.content",
		`{"messages":[{"role":"assistant","content":[{"reasoningContent":{"reasoningText":"hm"}}]}]}`: "messages[0].content[0].reasoningContent.reasoningText",
		`{"tools":[{"toolSpec":{"name":"f","inputSchema":"x"}}],` + hi + `}`:                          "tools[0].toolSpec.inputSchema",
	} {
		_, err := decode(t, converse.Settings{}, body)
		e := translator.AsError(err)
		if e == nil || e.Status != 422 || e.Kind != translator.KindMalformed || e.Path != want || e.Message == "" {
			t.Errorf("%s: %v, want 422 at %q", body, err, want)
		}
	}
}

// TestMessagesHoldNoContent: no error contains the content of a request.
func TestMessagesHoldNoContent(t *testing.T) {
	const secret = "confidential"
	for _, body := range []string{
		`{"messages":[{"role":"user","content":"` + secret + `"}`,
		`{"messages":[{"role":"user","content":"` + secret + "\xff" + `"}]}`,
		`{"messages":[{"role":"` + secret + `","content":"x"}]}`,
		`{"messages":[{"content":[{"image":{"format":"png","source":{"bytes":"` + secret + `!"}}}]}]}`,
		`{"messages":[{"content":"x"},` + toolCall + `,{"tool_result":{"tool_use_id":"t9","content":"` + secret + `"}}]}`,
		`{"messages":[{"content":"x"},{"role":"assistant","tool_calls":[{"id":"t1","name":"f","input":["` + secret + `"]}]}]}`,
		`{"temperature":"` + secret + `",` + hi + `}`,
	} {
		_, err := decode(t, converse.Settings{}, body)
		if e := translator.AsError(err); e == nil || strings.Contains(e.Message+e.Path+e.Hint, secret) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestModelIsNeeded(t *testing.T) {
	d, err := New(converse.Settings{}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Decode(translator.Request{Body: []byte("{" + hi + "}")})
	if e := translator.AsError(err); e == nil || e.Status != 400 || e.Path != "model" {
		t.Errorf("without a model: %v", err)
	}
}

// TestEmptyTextWithoutCalls: as in the reference, "" counts as no text only next to
// tool calls.
func TestEmptyTextWithoutCalls(t *testing.T) {
	for message, want := range map[string]string{
		`{"role":"assistant","content":""}`:                                      `{"text":""}`,
		`{"role":"assistant","content":"","tool_calls":[{"id":"t","name":"f"}]}`: `{"toolUse":{"input":{},"name":"f","toolUseId":"t"}}`,
	} {
		c, err := decode(t, converse.Settings{Mode: converse.Passthrough}, `{"messages":[`+message+`]}`)
		if err != nil || string(c.Body) != `{"messages":[{"content":[`+want+`],"role":"assistant"}]}` {
			t.Errorf("%s: %s, %v", message, c.Body, err)
		}
	}
}

func TestConfig(t *testing.T) {
	if _, err := New(converse.Settings{ModelFamilies: map[string]string{"m": "nobody"}}, Config{}); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("an unknown family: %v", err)
	}
	own, err := family.Parse([]byte(`{version: "2026-11-01", families: [{name: mine, match: [mine], refused: [temperature]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = decode(t, converse.Settings{Families: own}, `{"model":"mine-1","temperature":0.5,`+hi+`}`)
	if e := translator.AsError(err); e == nil || !strings.Contains(e.Message, "mine models (rules of 2026-11-01)") {
		t.Errorf("a family of one's own: %v", err)
	}
}

func TestToolUseDeltas(t *testing.T) {
	no, yes := false, true
	for _, c := range []struct {
		configured ToolUseDeltas
		agent      string
		asked      *bool
		want       bool
	}{
		{DeltasAuto, "curl/8", nil, true},
		{DeltasAuto, "python-httpx/0.28.1", nil, false},
		{DeltasAuto, "python-httpx/0.28.1", &yes, true},
		{DeltasAlways, "python-httpx/0.28.1", nil, true},
		{DeltasAlways, "curl/8", &no, false},
		{DeltasNever, "curl/8", nil, false},
		{DeltasNever, "curl/8", &yes, true},
	} {
		d, err := New(converse.Settings{}, Config{ToolUseDeltas: c.configured})
		if err != nil {
			t.Fatal(err)
		}
		if got := d.deltas(c.asked, c.agent); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
