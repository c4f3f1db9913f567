package openai

import (
	"maps"
	"strings"
	"testing"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/tests/worktest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// shapes are requests, and answers of Bedrock.
func shapes(t *testing.T) map[string]worktest.Shape {
	t.Helper()
	dialects := dialecttest.InModes(t, newDialect, converse.Repair, converse.Passthrough)
	body := worktest.Requests(translator.Request{}, dialects...)
	all := workTexts.Shapes(body)
	maps.Copy(all, resultShapes(body))
	maps.Copy(all, worktest.Answers(func() translator.Encoder { return &call{model: "m", includeUsage: true} }))
	for name, shape := range worktest.Answers(func() translator.Encoder { return &call{model: "m", custom: map[string]bool{"f": true}} }) {
		if strings.Contains(name, "tool") || strings.Contains(name, "call") {
			all[name+", custom"] = shape
		}
	}
	return all
}

func TestMemoryIsLinear(t *testing.T) { worktest.Memory(t, shapes(t)) }

func TestStepsAreLinear(t *testing.T) { worktest.Steps(t, shapes(t)) }

const hello = `{"role":"user","content":"hi"}`

// asked is a body with one message of that content, and more members of the body.
func asked(content, more string) string {
	return `{"messages":[{"role":"user","content":` + content + `}]` + more + `}`
}

// called is a body with tool calls, and with their results.
func called(calls, results string) string {
	return `{"messages":[` + hello + `,{"role":"assistant","tool_calls":[` + calls + `]},` + results + `]}`
}

// replied is a body with an assistant's message of those members.
func replied(members string) string {
	return `{"messages":[` + hello + `,{"role":"assistant",` + members + `},` + hello + `]}`
}

const result = `{"role":"tool","tool_call_id":"t","content":"x"}`

// workTexts are requests with one list, object, text or number of a size.
var workTexts = worktest.Texts{Members: map[string]string{
	"the body":               asked(`"hi"`, "…"),
	"a message":              `{"messages":[{"role":"user","content":"hi"…}]}`,
	"a system message":       `{"messages":[{"role":"system","content":"hi"…},` + hello + `]}`,
	"an assistant's message": replied(`"content":"hi"…`),
	"a part":                 asked(`[{"type":"text","text":"hi"…}]`, ""),
	"a Converse block":       asked(`[{"text":"hi"…}]`, ""),
	"an image_url":           asked(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"…}}]`, ""),
	"an input_audio":         asked(`[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"…}}]`, ""),
	"a file":                 asked(`[{"type":"file","file":{"file_data":"AAAA","filename":"a.pdf"…}}]`, ""),
	"a cache_control":        asked(`[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"…}}]`, ""),
	"a breakpoint":           asked(`[{"type":"text","text":"hi","prompt_cache_breakpoint":{"mode":"explicit"…}}]`, ""),
	"a thinking block":       replied(`"content":"x","thinking_blocks":[{"type":"thinking","thinking":"x","signature":"c2ln"…}]`),
	"a tool call":            called(`{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}…}`, result),
	"a tool call's function": called(`{"id":"t","type":"function","function":{"name":"f","arguments":"{}"…}}`, result),
	"a custom call":          called(`{"id":"t","type":"custom","custom":{"name":"f","input":"x"…}}`, result),
	"a result":               called(`{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}`, `{"role":"tool","tool_call_id":"t","content":"x"…}`),
	"a tool":                 asked(`"hi"`, `,"tools":[{"type":"function","function":{"name":"f"}…}]`),
	"a function":             asked(`"hi"`, `,"tools":[{"type":"function","function":{"name":"f"…}}]`),
	"a schema":               asked(`"hi"`, `,"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{}…}}}]`),
	"properties":             asked(`"hi"`, `,"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{}…}}}}]`),
	"a custom tool":          asked(`"hi"`, `,"tools":[{"type":"custom","custom":{"name":"f"…}}]`),
	"a custom tool's format": asked(`"hi"`, `,"tools":[{"type":"custom","custom":{"name":"f","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"x"…}}}}]`),
	"a tool_choice":          asked(`"hi"`, `,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f"}…}`),
	"allowed_tools":          asked(`"hi"`, `,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]…}}`),
	"a response_format":      asked(`"hi"`, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}…}`),
	"a json_schema":          asked(`"hi"`, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}…}}`),
	"stream_options":         asked(`"hi"`, `,"stream":true,"stream_options":{"include_usage":true…}`),
	"metadata":               asked(`"hi"`, `,"metadata":{"a":"b"…}`),
	"request_metadata":       asked(`"hi"`, `,"request_metadata":{"a":"b"…}`),
	"a guardrail":            asked(`"hi"`, `,"guardrail":{"id":"g","version":"1"…}`),
	"additional fields":      asked(`"hi"`, `,"top_k":5,"additional_model_request_fields":{"a":1…}`),
	"thinking":               asked(`"hi"`, `,"thinking":{"type":"enabled","budget_tokens":1024…}`),
	"logit_bias":             asked(`"hi"`, `,"logit_bias":{"1":1…}`),
	"prompt_variables":       asked(`"hi"`, `,"prompt_variables":{"a":{"text":"b"…}}`),
}, Lists: map[string]string{
	"messages in turn":       `{"messages":[…` + hello + `,{"role":"assistant","content":"#"}…]}`,
	"messages of one role":   `{"messages":[…` + hello + `…]}`,
	"blank messages":         `{"messages":[…{"role":"user","content":""}…]}`,
	"system messages":        `{"messages":[…{"role":"system","content":"#"}…,` + hello + `]}`,
	"system messages moved":  `{"messages":[…` + hello + `,{"role":"developer","content":"#"}…]}`,
	"named messages":         `{"messages":[…{"role":"user","name":"n#","content":"hi"}…]}`,
	"marked messages":        `{"messages":[…{"role":"user","content":"hi","cache_control":{"type":"ephemeral"}}…]}`,
	"refusals":               `{"messages":[…` + hello + `,{"role":"assistant","refusal":"#"}…]}`,
	"parts":                  asked(`[…{"type":"text","text":"#"}…]`, ""),
	"blank parts":            asked(`[…{"type":"text","text":" "}…]`, ""),
	"marked parts":           asked(`[…{"type":"text","text":"#","cache_control":{"type":"ephemeral"}}…]`, ""),
	"breakpoints":            asked(`[…{"type":"text","text":"#","prompt_cache_breakpoint":{"mode":"explicit"}}…]`, ""),
	"images":                 asked(`[…{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"low"}}…]`, ""),
	"audio":                  asked(`[…{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}…]`, ""),
	"files":                  asked(`[…{"type":"text","text":"a"},{"type":"file","file":{"file_data":"AAAA","filename":"a/#.pdf"}}…]`, ""),
	"files of one name":      asked(`[…{"type":"file","file":{"file_data":"AAAA","filename":"a.pdf"}}…]`, ""),
	"Converse blocks":        asked(`[…{"text":"#"},{"cachePoint":{"type":"default"}}…]`, ""),
	"thinking blocks":        replied(`"content":"x","thinking_blocks":[…{"type":"thinking","thinking":"#","signature":"c2ln"}…]`),
	"redacted blocks":        replied(`"content":"x","thinking_blocks":[…{"type":"redacted_thinking","data":"AAAA"}…]`),
	"thinking in turns":      `{"messages":[…` + hello + `,{"role":"assistant","content":"x","thinking_blocks":[{"type":"thinking","thinking":"#","signature":"c2ln"}]}…]}`,
	"reasoning in turns":     `{"messages":[…` + hello + `,{"role":"assistant","content":"x","reasoning_content":"#"}…]}`,
	"reasoning details":      replied(`"content":"x","reasoning_details":[…{"type":"reasoning.text","text":"#"}…]`),
	"annotations":            replied(`"content":"x","annotations":[…{"type":"url_citation"}…]`),
	"calls of one id":        called(`…{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}…`, result),
	"calls without results":  called(`…{"id":"t#","type":"function","function":{"name":"f","arguments":"{}"}}…`, hello),
	"ids to rename":          called(`…{"id":"t #","type":"function","function":{"name":"f #","arguments":"{}"}}…`, result),
	"marked calls":           called(`…{"id":"t#","type":"function","function":{"name":"f","arguments":"{}"},"cache_control":{"type":"ephemeral"}}…`, result),
	"custom calls":           called(`…{"id":"t#","type":"custom","custom":{"name":"f","input":"x"}}…`, result),
	"exchanges":              `{"messages":[…` + hello + `,{"role":"assistant","tool_calls":[{"id":"t#","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"t#","content":"x"}…]}`,
	"parts of a result":      called(`{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}`, `{"role":"tool","tool_call_id":"t","content":[…{"type":"text","text":"#"}…]}`),
	"results of one call":    called(`{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}`, `…{"role":"tool","tool_call_id":"t","content":"#"}…`),
	"tools":                  asked(`"hi"`, `,"tools":[…{"type":"function","function":{"name":"f#","description":"d","parameters":{"type":"object"}}}…]`),
	"tools of one name":      asked(`"hi"`, `,"tools":[…{"type":"function","function":{"name":"f"}}…]`),
	"tools to rename":        asked(`"hi"`, `,"tools":[…{"type":"function","function":{"name":"f #"}}…],"tool_choice":{"type":"function","function":{"name":"f 1"}}`),
	"marked tools":           asked(`"hi"`, `,"tools":[…{"type":"function","function":{"name":"f#"},"cache_control":{"type":"ephemeral"}}…]`),
	"strict tools":           asked(`"hi"`, `,"tools":[…{"type":"function","function":{"name":"f#","strict":true,"parameters":{"type":"object","properties":{"a":{}}}}}…]`),
	"custom tools":           asked(`"hi"`, `,"tools":[…{"type":"custom","custom":{"name":"f#","description":"d"}}…]`),
	"allowed tools":          asked(`"hi"`, `,"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[…{"type":"function","function":{"name":"f#"}}…]}}`),
	"tools and allowed ones": `{"messages":[` + hello + `],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f1"}}]}},"tools":[…{"type":"function","function":{"name":"f#"}}…]}`,
	"stop sequences":         asked(`"hi"`, `,"stop":[…"s#"…]`),
	"modalities":             asked(`"hi"`, `,"modalities":[…"text"…]`),
	"response field paths":   asked(`"hi"`, `,"additional_model_response_field_paths":[…"/p#"…]`),
	"schemas":                asked(`"hi"`, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"anyOf":[…{"type":"object","properties":{"a":{}}}…]}}}`),
}, Repeats: map[string]string{
	"escapes of a text":        asked(`"…\"\\\n…"`, ""),
	"halves of surrogates":     asked(`"…\ud83d…"`, ""),
	"digits":                   asked(`"hi"`, `,"max_completion_tokens":1…0…`),
	"letters of a role":        `{"messages":[{"role":"…r…","content":"hi"}]}`,
	"letters of a tool's name": asked(`"hi"`, `,"tools":[{"type":"function","function":{"name":"…é…"}}]`),
	"letters of a file's name": asked(`[{"type":"file","file":{"file_data":"AAAA","filename":"…a/…"}}]`, ""),
	"letters of a data URL":    asked(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,…AAAA…"}}]`, ""),
	"letters of a URL's type":  asked(`[{"type":"image_url","image_url":{"url":"data:…image/…;base64,AAAA"}}]`, ""),
	"arguments":                called(`{"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\":[0…,1…]}"}}`, result),
	"arguments, not JSON":      called(`{"id":"t","type":"function","function":{"name":"f","arguments":"{…\"a…"}}`, result),
	"letters of a grammar":     asked(`"hi"`, `,"tools":[{"type":"custom","custom":{"name":"f","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"…x\n…"}}}}]`),
}, Nests: map[string]string{
	"arrays of an unknown member": asked(`"hi"`, `,"x":…[…1…]…`),
	"schemas of a tool":           asked(`"hi"`, `,"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":…{"type":"object","properties":{"a":…{}…}}…}}]`),
	"schemas of an answer":        asked(`"hi"`, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":…{"type":"object","items":…{}…}…}}`),
	"results":                     asked(`…[{"toolResult":{"toolUseId":"t","content":…[{"text":"x"}]…}}]…`, ""),
	"content":                     asked(`…[…1…]…`, ""),
	"arguments":                   called(`{"id":"t","type":"function","function":{"name":"f","arguments":"…{\"a\":…1…}…"}}`, result),
}}

// resultShapes are requests with calls and their results, in both orders.
func resultShapes(body func(text func(n int) string) worktest.Shape) map[string]worktest.Shape {
	const one, answer = `{"id":"t#","type":"function","function":{"name":"f","arguments":"{}"}}`, `{"role":"tool","tool_call_id":"t#","content":"x"}`
	return map[string]worktest.Shape{
		"results of calls":           body(func(n int) string { return called(worktest.List(n, one), worktest.List(n, answer)) }),
		"results of calls, reversed": body(func(n int) string { return called(worktest.Reversed(n, one), worktest.List(n, answer)) }),
	}
}
