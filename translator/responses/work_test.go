package responses

import (
	"maps"
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
	maps.Copy(all, worktest.Answers(func() translator.Encoder { return &call{model: "m", tools: newToolNames()} }))
	custom := newToolNames()
	custom.custom["f"] = true
	for name, shape := range worktest.Answers(func() translator.Encoder { return &call{model: "m", tools: custom} }) {
		all[name+", custom"] = shape
	}
	return all
}

func TestMemoryIsLinear(t *testing.T) { worktest.Memory(t, shapes(t)) }

func TestStepsAreLinear(t *testing.T) { worktest.Steps(t, shapes(t)) }

const hello = `{"role":"user","content":"hi"}`

// asked is a body with one message of that content, and more members of the body.
func asked(content, more string) string {
	return `{"input":[{"role":"user","content":` + content + `}]` + more + `}`
}

// items is a body with those items behind a message.
func items(text string) string { return `{"input":[` + hello + `,` + text + `]}` }

const (
	oneCall   = `{"type":"function_call","call_id":"t","name":"f","arguments":"{}"}`
	oneResult = `{"type":"function_call_output","call_id":"t","output":"x"}`
)

// workTexts are requests with one list, object, text or number of a size.
var workTexts = worktest.Texts{Members: map[string]string{
	"the body":               asked(`"hi"`, "…"),
	"a message":              `{"input":[{"role":"user","content":"hi"…}]}`,
	"a system message":       `{"input":[{"role":"system","content":"hi"…},` + hello + `]}`,
	"a part":                 asked(`[{"type":"input_text","text":"hi"…}]`, ""),
	"a Converse block":       asked(`[{"text":"hi"…}]`, ""),
	"an input_image":         asked(`[{"type":"input_image","image_url":"data:image/png;base64,AAAA"…}]`, ""),
	"an input_audio":         asked(`[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"…}}]`, ""),
	"an input_file":          asked(`[{"type":"input_file","file_data":"AAAA","filename":"a.pdf"…}]`, ""),
	"a cache_control":        asked(`[{"type":"input_text","text":"hi","cache_control":{"type":"ephemeral"…}}]`, ""),
	"a call":                 items(`{"type":"function_call","call_id":"t","name":"f","arguments":"{}"…},` + oneResult),
	"a custom call":          items(`{"type":"custom_tool_call","call_id":"t","name":"f","input":"x"…},` + oneResult),
	"a shell call":           items(`{"type":"shell_call","call_id":"t","action":{"commands":[]…}},` + oneResult),
	"a result":               items(oneCall + `,{"type":"function_call_output","call_id":"t","output":"x"…}`),
	"reasoning":              items(`{"type":"reasoning","summary":[],"encrypted_content":"gAAA"…}`),
	"a tool":                 asked(`"hi"`, `,"tools":[{"type":"function","name":"f"…}]`),
	"a schema":               asked(`"hi"`, `,"tools":[{"type":"function","name":"f","strict":true,"parameters":{"type":"object","properties":{}…}}]`),
	"properties":             asked(`"hi"`, `,"tools":[{"type":"function","name":"f","strict":true,"parameters":{"type":"object","properties":{"a":{}…}}}]`),
	"a custom tool":          asked(`"hi"`, `,"tools":[{"type":"custom","name":"f"…}]`),
	"a custom tool's format": asked(`"hi"`, `,"tools":[{"type":"custom","name":"f","format":{"type":"grammar","syntax":"lark","definition":"x"…}}]`),
	"a namespace":            asked(`"hi"`, `,"tools":[{"type":"namespace","name":"n","tools":[{"name":"f"}]…}]`),
	"a hosted tool":          asked(`"hi"`, `,"tools":[{"type":"web_search"…}]`),
	"a tool_choice":          asked(`"hi"`, `,"tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"function","name":"f"…}`),
	"allowed_tools":          asked(`"hi"`, `,"tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"name":"f"}]…}`),
	"text":                   asked(`"hi"`, `,"text":{"verbosity":"low"…}`),
	"a format":               asked(`"hi"`, `,"text":{"format":{"type":"json_schema","name":"n","schema":{}…}}`),
	"effort":                 asked(`"hi"`, `,"reasoning":{"effort":"low"…}`),
	"stream_options":         asked(`"hi"`, `,"stream":true,"stream_options":{"include_obfuscation":true…}`),
	"metadata":               asked(`"hi"`, `,"metadata":{"a":"b"…}`),
	"a guardrail":            asked(`"hi"`, `,"guardrail":{"id":"g","version":"1"…}`),
	"additional fields":      asked(`"hi"`, `,"top_k":5,"additional_model_request_fields":{"a":1…}`),
}, Lists: map[string]string{
	"messages in turn":       `{"input":[…` + hello + `,{"role":"assistant","content":"#"}…]}`,
	"messages of one role":   `{"input":[…` + hello + `…]}`,
	"blank messages":         `{"input":[…{"role":"user","content":""}…]}`,
	"system messages moved":  `{"input":[…` + hello + `,{"role":"developer","content":"#"}…]}`,
	"marked messages":        `{"input":[…{"role":"user","content":"hi","cache_control":{"type":"ephemeral"}}…]}`,
	"parts":                  asked(`[…{"type":"input_text","text":"#"}…]`, ""),
	"blank parts":            asked(`[…{"type":"input_text","text":" "}…]`, ""),
	"images":                 asked(`[…{"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"low"}…]`, ""),
	"files":                  asked(`[…{"type":"input_text","text":"a"},{"type":"input_file","file_data":"AAAA","filename":"a/#.pdf"}…]`, ""),
	"files of one name":      asked(`[…{"type":"input_file","file_data":"AAAA","filename":"a.pdf"}…]`, ""),
	"files alone":            `{"input":[…{"role":"user","content":[{"type":"input_file","file_data":"AAAA","filename":"a.pdf"}]},{"role":"assistant","content":"#"}…]}`,
	"Converse blocks":        asked(`[…{"text":"#"},{"cachePoint":{"type":"default"}}…]`, ""),
	"reasoning":              items(`…{"type":"reasoning","summary":[],"encrypted_content":"YmVkcm9jazoxOnsicmVkYWN0ZWRDb250ZW50IjoiY21WayJ9"}…`),
	"foreign reasoning":      items(`…{"type":"reasoning","summary":[],"encrypted_content":"gAAA"}…`),
	"pieces of reasoning":    items(`{"type":"reasoning","summary":[],"content":[…{"type":"reasoning_text","text":"#"}…]}`),
	"hosted items":           items(`…{"type":"web_search_call","id":"#"}…`),
	"calls of one id":        items(`…` + oneCall + `…,` + oneResult),
	"calls without results":  items(`…{"type":"function_call","call_id":"t#","name":"f","arguments":"{}"}…,` + hello),
	"ids to rename":          items(`…{"type":"function_call","call_id":"t #","name":"f #","arguments":"{}"}…,` + oneResult),
	"calls in namespaces":    items(`…{"type":"function_call","call_id":"t#","namespace":"n#","name":"f","arguments":"{}"}…,` + oneResult),
	"exchanges":              items(`…{"type":"function_call","call_id":"t#","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"t#","output":"x"}…`),
	"parts of a result":      items(oneCall + `,{"type":"function_call_output","call_id":"t","output":[…{"type":"input_text","text":"#"}…]}`),
	"results of one call":    items(oneCall + `,…{"type":"function_call_output","call_id":"t","output":"#"}…`),
	"tools":                  asked(`"hi"`, `,"tools":[…{"type":"function","name":"f#","description":"d","parameters":{"type":"object"}}…]`),
	"tools of one name":      asked(`"hi"`, `,"tools":[…{"type":"function","name":"f"}…]`),
	"tools to rename":        asked(`"hi"`, `,"tools":[…{"type":"function","name":"f #"}…],"tool_choice":{"type":"function","name":"f 1"}`),
	"custom tools":           asked(`"hi"`, `,"tools":[…{"type":"custom","name":"f#","description":"d"}…]`),
	"namespaces":             asked(`"hi"`, `,"tools":[…{"type":"namespace","name":"n#","description":"d","tools":[{"name":"f"}]}…]`),
	"tools of a namespace":   asked(`"hi"`, `,"tools":[{"type":"namespace","name":"n","description":"d","tools":[…{"name":"f#"}…]}]`),
	"hosted tools":           asked(`"hi"`, `,"tools":[…{"type":"web_search"}…]`),
	"allowed tools":          asked(`"hi"`, `,"tools":[{"type":"function","name":"f"}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[…{"name":"f#"}…]}`),
	"tools and allowed ones": `{"input":"hi","tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"name":"f1"}]},"tools":[…{"type":"function","name":"f#"}…]}`,
	"include":                asked(`"hi"`, `,"include":[…"x#"…]`),
	"stop sequences":         asked(`"hi"`, `,"stop":[…"s#"…]`),
}, Repeats: map[string]string{
	"escapes of a text":                    `{"input":"…\"\\\n…"}`,
	"halves of surrogates":                 `{"input":"…\ud83d…"}`,
	"letters of instructions":              `{"input":"hi","instructions":"…x…"}`,
	"letters of a type":                    `{"input":[{"type":"…r…"}]}`,
	"letters of a tool's name":             asked(`"hi"`, `,"tools":[{"type":"function","name":"…é…"}]`),
	"letters of a namespace":               asked(`"hi"`, `,"tools":[{"type":"namespace","name":"…n…","tools":[{"name":"f"},{"name":"g"}]}]`),
	"letters of a namespace's description": asked(`"hi"`, `,"tools":[{"type":"namespace","name":"n","description":"…d…","tools":[{"name":"f"},{"name":"g"}]}]`),
	"letters of a data URL":                asked(`[{"type":"input_image","image_url":"data:image/png;base64,…AAAA…"}]`, ""),
	"letters of encrypted content":         items(`{"type":"reasoning","summary":[],"encrypted_content":"…AAAA…"}`),
	"arguments":                            items(`{"type":"function_call","call_id":"t","name":"f","arguments":"{\"a\":[0…,1…]}"},` + oneResult),
	"arguments, not JSON":                  items(`{"type":"function_call","call_id":"t","name":"f","arguments":"{…\"a…"},` + oneResult),
	"letters of a grammar":                 asked(`"hi"`, `,"tools":[{"type":"custom","name":"f","format":{"type":"grammar","syntax":"lark","definition":"…x\n…"}}]`),
	"letters of metadata":                  asked(`"hi"`, `,"metadata":{"a":"…x…"}`),
}, Nests: map[string]string{
	"arrays of an unknown member": asked(`"hi"`, `,"x":…[…1…]…`),
	"schemas of a tool":           asked(`"hi"`, `,"tools":[{"type":"function","name":"f","strict":true,"parameters":…{"type":"object","properties":{"a":…{}…}}…}]`),
	"schemas of an answer":        asked(`"hi"`, `,"text":{"format":{"type":"json_schema","name":"n","schema":…{"type":"object","items":…{}…}…}}`),
	"content":                     asked(`…[…1…]…`, ""),
	"actions":                     items(`{"type":"shell_call","call_id":"t","action":…{"a":…1…}…},` + oneResult),
}}

// resultShapes are requests with calls and their results, in both orders.
func resultShapes(body func(text func(n int) string) worktest.Shape) map[string]worktest.Shape {
	const one, answer = `{"type":"function_call","call_id":"t#","name":"f","arguments":"{}"}`, `{"type":"function_call_output","call_id":"t#","output":"x"}`
	return map[string]worktest.Shape{
		"results of calls":           body(func(n int) string { return items(worktest.List(n, one) + "," + worktest.List(n, answer)) }),
		"results of calls, reversed": body(func(n int) string { return items(worktest.Reversed(n, one) + "," + worktest.List(n, answer)) }),
	}
}
