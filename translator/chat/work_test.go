package chat

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	base := translator.Request{Defaults: translator.Defaults{RequestMetadata: map[string]string{"k1": "v"}}}
	all := requestShapes(worktest.Requests(base, dialects...))
	maps.Copy(all, worktest.Answers(func() translator.Encoder { return &call{model: "m", toolUseDeltas: true} }))
	return all
}

func TestMemoryIsLinear(t *testing.T) { worktest.Memory(t, shapes(t)) }

func TestStepsAreLinear(t *testing.T) { worktest.Steps(t, shapes(t)) }

// user is a body with one message of that content, and more members of the body.
func user(content, more string) string {
	return `{"messages":[{"role":"user","content":` + content + `}]` + more + `}`
}

const (
	hello   = `{"role":"user","content":"hi"}`
	answers = `{"messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[%s]},%s]}`
)

func requestShapes(body func(text func(n int) string) worktest.Shape) map[string]worktest.Shape {
	all := map[string]worktest.Shape{
		"model": body(func(n int) string { return user(`"hi"`, `,"model":"`+strings.Repeat("m", n)+`"`) }),
		"tools, a long name and its replacements": body(func(n int) string {
			return user(`"hi"`, `,"tools":[{"name":"`+strings.Repeat("é", n)+`"}`+replacements(strings.Repeat("é", n), n)+`]`)
		}),
		"white space": body(func(n int) string { return strings.Repeat(" ", n) + user(`"hi"`, strings.Repeat("\n", n)) }),
		"not JSON":    body(func(n int) string { return `{"messages":[` + worktest.List(n, hello) + `]` }),
		"tools in use": body(func(n int) string {
			return fmt.Sprintf(answers, worktest.List(n, `{"id":"t#","name":"f #"}`), `{"tool_results":[`+worktest.List(n, `{"tool_use_id":"t#","content":"x"}`)+`]}`)
		}),
	}
	maps.Copy(all, workTexts.Shapes(body))
	for name, results := range map[string]string{
		"results of calls, one message each":  `{"role":"tool","tool_call_id":"t#","content":"x"}`,
		"results of calls, one turn each":     `{"tool_results":[{"tool_use_id":"t#","content":"x"}]}`,
		"results of calls, with text between": `{"tool_results":[{"tool_use_id":"t#","content":"x"}],"content":"and"}`,
		"results of calls, parts":             `{"role":"tool","tool_call_id":"t#","content":[{"type":"text","text":"x"}]}`,
	} {
		all[name] = body(func(n int) string {
			return fmt.Sprintf(answers, worktest.List(n, `{"id":"t#","name":"f","input":{}}`), worktest.List(n, results))
		})
		all[name+", reversed"] = body(func(n int) string {
			return fmt.Sprintf(answers, worktest.Reversed(n, `{"id":"t#","name":"f","input":{}}`), worktest.List(n, results))
		})
	}
	return all
}

// replacements are tools with the names that an illegal name would get, one after the
// other, as in converse.
func replacements(name string, n int) string {
	var b strings.Builder
	sum := sha256.Sum256([]byte(name))
	for range n {
		fmt.Fprintf(&b, `,{"name":"__%s"}`, hex.EncodeToString(sum[:4]))
		sum = sha256.Sum256(sum[:])
	}
	return b.String()
}

// workTexts are requests with one list, object, text or number of a size.
var workTexts = worktest.Texts{Members: map[string]string{
	"the body":                   `{"messages":[` + hello + `]…}`,
	"a message":                  `{"messages":[{"role":"user","content":"hi"…}]}`,
	"an assistant's message":     `{"messages":[` + hello + `,{"role":"assistant","content":"hi"…},` + hello + `]}`,
	"a block":                    user(`[{"text":"hi"…}]`, ""),
	"a block of an unknown kind": user(`[{"new":{"a":1…}}]`, ""),
	"a part":                     user(`[{"type":"text","text":"hi"…}]`, ""),
	"an image_url":               user(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"…}}]`, ""),
	"an input_audio":             user(`[{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"…}}]`, ""),
	"a file":                     user(`[{"type":"file","file":{"file_data":"AAAA","filename":"a.pdf"…}}]`, ""),
	"an image":                   user(`[{"image":{"format":"jpg","source":{"bytes":"AAAA"}…}}]`, ""),
	"a source":                   user(`[{"image":{"format":"png","source":{"bytes":"AA=="…}}}]`, ""),
	"a document":                 user(`[{"text":"a"},{"document":{"format":"pdf","name":"a/b","source":{"bytes":"AAAA"}…}}]`, ""),
	"a guardContent":             user(`[{"guardContent":{"text":{"text":"x"}…}}]`, ""),
	"a cachePoint":               user(`[{"text":"x"},{"cachePoint":{"type":"default"…}}]`, ""),
	"reasoning":                  `{"messages":[` + hello + `,{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"signature":"","text":"x"…}}},{"text":"x"}]},` + hello + `]}`,
	"a tool call":                fmt.Sprintf(answers, `{"id":"t","name":"f","input":{}…}`, `{"tool_results":[{"tool_use_id":"t","content":"x"}]}`),
	"a tool call's function":     fmt.Sprintf(answers, `{"id":"t","type":"function","function":{"name":"f","arguments":"{}"…}}`, `{"tool_results":[{"tool_use_id":"t","content":"x"}]}`),
	"a tool call's input":        fmt.Sprintf(answers, `{"id":"t","name":"f","input":{"a":1…}}`, `{"tool_results":[{"tool_use_id":"t","content":"x"}]}`),
	"a result":                   fmt.Sprintf(answers, `{"id":"t","name":"f"}`, `{"tool_results":[{"tool_use_id":"t","content":"x"…}]}`),
	"a result's content":         fmt.Sprintf(answers, `{"id":"t","name":"f"}`, `{"tool_results":[{"tool_use_id":"t","content":{"a":1…}}]}`),
	"a result's block":           fmt.Sprintf(answers, `{"id":"t","name":"f"}`, `{"tool_results":[{"tool_use_id":"t","content":[{"json":{"a":1…}}]}]}`),
	"a message with a result":    fmt.Sprintf(answers, `{"id":"t","name":"f"}`, `{"role":"tool","tool_call_id":"t","content":"x"…}`),
	"a tool":                     user(`"hi"`, `,"tools":[{"name":"f"…}]`),
	"a function tool":            user(`"hi"`, `,"tools":[{"type":"function","function":{"name":"f"…}}]`),
	"a toolSpec":                 user(`"hi"`, `,"tools":[{"toolSpec":{"name":"f g","inputSchema":{"json":{}}…}}]`),
	"a schema":                   user(`"hi"`, `,"tools":[{"name":"f","input_schema":{"properties":{}…}}]`),
	"a tool_choice":              user(`"hi"`, `,"tools":[{"name":"f"}],"tool_choice":{"type":"function","function":{"name":"f"…}}`),
	"a guardrail":                user(`"hi"`, `,"guardrail":{"id":"g","version":"1"…}`),
	"a response_format":          user(`"hi"`, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}…}`),
	"a json_schema":              user(`"hi"`, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}…}}`),
	"an output_config":           user(`"hi"`, `,"output_config":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{\"type\":\"object\"}"…}}}}`),
	"stream_options":             user(`"hi"`, `,"stream_options":{"tool_use_deltas":true…}`),
	"additional fields":          user(`"hi"`, `,"top_k":5,"additional_model_request_fields":{"thinking":{"type":"disabled"}…}`),
	"request_metadata":           user(`"hi"`, `,"request_metadata":{"a":"b"…}`),
	"metadata":                   user(`"hi"`, `,"metadata":{"a":"b"…}`),
	"prompt_variables":           user(`"hi"`, `,"prompt_variables":{"a":{"text":"b"…}}`),
	"a service_tier":             user(`"hi"`, `,"service_tier":{"type":"flex"…}`),
}, Lists: map[string]string{
	"messages in turn":           `{"messages":[…` + hello + `,{"role":"assistant","content":"#"}…]}`,
	"messages of one role":       `{"messages":[…` + hello + `…]}`,
	"messages without content":   `{"messages":[…{"role":"user","content":""}…]}`,
	"system messages":            `{"messages":[…{"role":"system","content":"#"}…]}`,
	"messages that add tools":    `{"messages":[…` + hello + `,{"role":"system","content":[{"toolAddition":{"a":#}}]}…]}`,
	"system texts":               user(`"hi"`, `,"system":[…{"text":"#"}…]`),
	"system cache points":        user(`"hi"`, `,"system":[…{"cachePoint":{"type":"default"}}…]`),
	"texts":                      user(`[…{"text":"#"}…]`, ""),
	"blank texts":                user(`[…{"text":" "}…]`, ""),
	"parts":                      user(`[…{"type":"text","text":"#","x":1}…]`, ""),
	"cache points":               user(`[…{"text":"#"},{"cachePoint":{"type":"default","ttl":"1h"}}…]`, ""),
	"cache points in a row":      user(`[…{"cachePoint":{"type":"default"}}…]`, ""),
	"documents of one name":      user(`[…{"text":"a"},{"document":{"format":"pdf","name":"a","source":{"bytes":"AAAA"}}}…]`, ""),
	"documents to rename":        user(`[…{"text":"a"},{"document":{"format":"pdf","name":"a/#","source":{"bytes":"AAAA"}}}…]`, ""),
	"documents numbered already": user(`[…{"text":"a"},{"document":{"format":"pdf","name":"a (#)","source":{"bytes":"AAAA"}}},{"document":{"format":"pdf","name":"a","source":{"bytes":"AAAA"}}}…]`, ""),
	"documents of one long stem": user(`[…{"text":"a"},{"document":{"format":"pdf","name":"`+strings.Repeat("a", 195)+`#","source":{"bytes":"AAAA"}}}…]`, ""),
	"documents and blank texts":  user(`[…{"text":"a"},{"document":{"format":"pdf","name":"#","source":{"bytes":"AAAA"}}},{"text":" "},{"cachePoint":{"type":"default"}}…]`, ""),
	"tools":                      user(`"hi"`, `,"tools":[…{"name":"f#","description":"d","input_schema":{"type":"object"}}…]`),
	"tools of one name":          user(`"hi"`, `,"tools":[…{"name":"f"}…]`),
	"tools to rename":            user(`"hi"`, `,"tools":[…{"name":"f #"}…],"tool_choice":"f 1"`),
	"strict tools":               user(`"hi"`, `,"tools":[…{"name":"f#","strict":true,"input_schema":{"type":"object","properties":{"a":{}}}}…]`),
	"tools and cache points":     user(`"hi"`, `,"tools":[…{"name":"f#"},{"cachePoint":{"type":"default"}}…]`),
	"tools of one unknown kind":  user(`"hi"`, `,"tools":[…{"new":{"a":#}}…],"tool_choice":"f"`),
	"blocks of a result":         fmt.Sprintf(answers, `{"id":"t","name":"f"}`, `{"tool_results":[{"tool_use_id":"t","content":[…{"text":"#"},{"cachePoint":{"type":"default"}}…]}]}`),
	"JSON of a result":           fmt.Sprintf(answers, `{"id":"t","name":"f"}`, `{"tool_results":[{"tool_use_id":"t","content":[…{"a":#}…]}]}`),
	"parts of a result":          fmt.Sprintf(answers, `{"id":"t","name":"f"}`, `{"role":"tool","tool_call_id":"t","content":[…{"type":"text","text":"#"}…]}`),
	"calls of one id":            fmt.Sprintf(answers, `{"id":"t","name":"f"}`, `{"role":"assistant","tool_calls":[…{"id":"t","name":"f"}…]}`),
	"calls without results":      `{"messages":[` + hello + `,{"role":"assistant","tool_calls":[…{"id":"t#","name":"f"}…]},` + hello + `]}`,
	"ids to rename":              `{"messages":[` + hello + `,{"role":"assistant","tool_calls":[…{"id":"t #","name":"f"}…]}]}`,
	"calls of the service's own": `{"messages":[` + hello + `,{"role":"assistant","content":[…{"toolUse":{"toolUseId":"t#","name":"f","type":"server_tool_use"}},{"toolResult":{"toolUseId":"t#","type":"x"}}…]},` + hello + `]}`,
	"reasoning":                  `{"messages":[` + hello + `,{"role":"assistant","content":[…{"reasoningContent":{"reasoningText":{"text":"#"}}}…]},` + hello + `]}`,
	"stop sequences":             user(`"hi"`, `,"stop":[…"s#"…]`),
	"response field paths":       user(`"hi"`, `,"additional_model_response_field_paths":[…"/p#"…]`),
	"required properties":        user(`"hi"`, `,"tools":[{"name":"f","strict":true,"input_schema":{"type":"object","required":[…"p#"…]}}]`),
	"schemas":                    user(`"hi"`, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"anyOf":[…{"type":"object","required":["a","b"],"properties":{"a":{}}}…]}}}`),
	"types of a schema":          user(`"hi"`, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":[…"object"…]}}}`),
	"betas":                      user(`"hi"`, `,"max_tokens":10,"additional_model_request_fields":{"thinking":{"type":"enabled","budget_tokens":1},"anthropic_beta":[…"b#"…]}`),
}, Repeats: map[string]string{
	"an escaped text":            user(`"…\"\\\n…"`, ""),
	"an escaped blank text":      user(`"…\n…"`, ""),
	"backslashes":                user(`"…\\…"`, ""),
	"pairs of surrogates":        user(`"…\ud83d\ude00…"`, ""),
	"halves of surrogates":       user(`"…\ud83d…"`, ""),
	"halves in a name":           user(`"hi"`, `,"…\ud83d…":1`),
	"digits of max_tokens":       user(`"hi"`, `,"max_tokens":1…0…`),
	"digits behind the point":    user(`"hi"`, `,"max_tokens":1.0…0…`),
	"digits of temperature":      user(`"hi"`, `,"temperature":0.…1…`),
	"digits of an exponent":      user(`"hi"`, `,"temperature":0.1e-…0…`),
	"digits of top_k":            user(`"hi"`, `,"top_k":1…0…`),
	"digits in text":             user(`"hi"`, `,"top_k":"1…0…"`),
	"digits of a scalar":         user(`1…0…`, ""),
	"a role":                     `{"messages":[{"role":"…r…","content":"hi"}]}`,
	"a tool's name":              user(`"hi"`, `,"tools":[{"name":"…n…"}]`),
	"a choice":                   user(`"hi"`, `,"tools":[{"name":"f"}],"tool_choice":"…n…"`),
	"a kind of block":            user(`[{"…k…":{}}]`, ""),
	"a document's name":          user(`[{"text":"a"},{"document":{"format":"pdf","name":"…a/…","source":{"bytes":"AAAA"}}}]`, ""),
	"a format":                   user(`[{"image":{"format":"…f…","source":{"bytes":"AAAA"}}}]`, ""),
	"base64":                     user(`[{"image":{"format":"png","source":{"bytes":"…AAAA…"}}}]`, ""),
	"base64 in lines":            user(`[{"image":{"format":"png","source":{"bytes":"…AAAA\n…"}}}]`, ""),
	"base64 of the URL alphabet": user(`[{"image":{"format":"png","source":{"bytes":"…A-__…"}}}]`, ""),
	"a data URL":                 user(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,…AAAA…"}}]`, ""),
	"a text input":               fmt.Sprintf(answers, `{"id":"t","type":"function","function":{"name":"f","arguments":"{\"a\":[0…,1…]}"}}`, `{"tool_results":[{"tool_use_id":"t","content":"x"}]}`),
	"a text input, not JSON":     fmt.Sprintf(answers, `{"id":"t","type":"function","function":{"name":"f","arguments":"{…\"a…"}}`, `{"tool_results":[{"tool_use_id":"t","content":"x"}]}`),
	"an id":                      fmt.Sprintf(answers, `{"id":"…t…","name":"f"}`, `{"tool_results":[{"tool_use_id":"u","content":"x"}]}`),
	"a schema in text":           user(`"hi"`, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":"{\"anyOf\":[{\"type\":\"object\"}…,{\"type\":\"object\"}…]}"}}`),
	"properties":                 user(`"hi"`, `,"tools":[{"name":"f","strict":true,"input_schema":{"type":"object","properties":{"p":{}…,"p":{"type":"object"}…}}}]`),
	"a metadata value":           user(`"hi"`, `,"request_metadata":{"a":"…b…"}`),
	"a metadata name":            user(`"hi"`, `,"request_metadata":{"…a…":"b"}`),
	"a variable's name":          user(`"hi"`, `,"prompt_variables":{"…a…":1}`),
	"a service tier":             user(`"hi"`, `,"service_tier":"…f…"`),
}, Nests: map[string]string{
	"arrays of an unknown member": `{"messages":[` + hello + `],"x":…[…1…]…}`,
	"objects of a tool's input":   fmt.Sprintf(answers, `{"id":"t","name":"f","input":…{"a":…1…}…}`, `{"tool_results":[{"tool_use_id":"t","content":"x"}]}`),
	"results":                     user(`…[{"toolResult":{"toolUseId":"t","content":…[{"text":"x"}]…}}]…`, ""),
	"content of a result":         fmt.Sprintf(answers, `{"id":"t","name":"f"}`, `{"tool_results":[{"tool_use_id":"t","content":…[{"json":…1…}]…}]}`),
	"schemas of a tool":           user(`"hi"`, `,"tools":[{"name":"f","strict":true,"input_schema":…{"type":"object","properties":{"a":…{}…}}…}]`),
	"schemas of an answer":        user(`"hi"`, `,"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":…{"type":"object","items":…{}…}…}}`),
	"halves of surrogates":        `{"messages":[` + hello + `],"x":…{"aaaaaaaa":…"\ud83d"…}…}`,
	"messages":                    `{"messages":…[…1…]…}`,
	"additional fields":           user(`"hi"`, `,"top_k":1,"additional_model_request_fields":…{"inferenceConfig":…{}…}…`),
}}
