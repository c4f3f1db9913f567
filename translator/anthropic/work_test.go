package anthropic

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
	maps.Copy(all, worktest.Answers(func() translator.Encoder { return &call{model: "m"} }))
	return all
}

func TestMemoryIsLinear(t *testing.T) { worktest.Memory(t, shapes(t)) }

func TestStepsAreLinear(t *testing.T) { worktest.Steps(t, shapes(t)) }

// asked is a body with one message of that content, and more members of the body.
func asked(content, more string) string {
	return `{"max_tokens":1,"messages":[{"role":"user","content":` + content + `}]` + more + `}`
}

// replied is a body with an assistant's message of that content.
func replied(content string) string {
	return `{"max_tokens":1,"messages":[` + hello + `,{"role":"assistant","content":[` + content + `]},` + hello + `]}`
}

// used is a body with uses of tools, and with their results.
func used(uses, results string) string {
	return `{"max_tokens":1,"messages":[` + hello + `,{"role":"assistant","content":[` + uses + `]},{"role":"user","content":[` + results + `]}]}`
}

const (
	hello  = `{"role":"user","content":"hi"}`
	use    = `{"type":"tool_use","id":"t","name":"f","input":{}}`
	result = `{"type":"tool_result","tool_use_id":"t","content":"x"}`
)

// resultShapes are requests with calls and their results, in both orders.
func resultShapes(body func(text func(n int) string) worktest.Shape) map[string]worktest.Shape {
	const one, answer = `{"type":"tool_use","id":"t#","name":"f","input":{}}`, `{"type":"tool_result","tool_use_id":"t#","content":"x"}`
	return map[string]worktest.Shape{
		"results of calls":           body(func(n int) string { return used(worktest.List(n, one), worktest.List(n, answer)) }),
		"results of calls, reversed": body(func(n int) string { return used(worktest.Reversed(n, one), worktest.List(n, answer)) }),
	}
}

// workTexts are requests with one list, object, text or number of a size.
var workTexts = worktest.Texts{Members: map[string]string{
	"the body":             asked(`"hi"`, "…"),
	"a message":            `{"max_tokens":1,"messages":[{"role":"user","content":"hi"…}]}`,
	"a text":               asked(`[{"type":"text","text":"hi"…}]`, ""),
	"a cache_control":      asked(`[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"…}}]`, ""),
	"an image":             asked(`[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}…}]`, ""),
	"a source":             asked(`[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"…}}]`, ""),
	"a document":           asked(`[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"},"title":"a/b"…}]`, ""),
	"a search_result":      asked(`[{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]…}]`, ""),
	"a thinking block":     replied(`{"type":"thinking","thinking":"x","signature":"c2ln"…},{"type":"text","text":"x"}`),
	"a redacted block":     replied(`{"type":"redacted_thinking","data":"AAAA"…},{"type":"text","text":"x"}`),
	"a citation":           replied(`{"type":"text","text":"x","citations":[{"type":"char_location","document_index":0,"cited_text":"c"…}]}`),
	"a tool_use":           used(`{"type":"tool_use","id":"t","name":"f","input":{}…}`, result),
	"an input":             used(`{"type":"tool_use","id":"t","name":"f","input":{"a":1…}}`, result),
	"a tool_result":        used(use, `{"type":"tool_result","tool_use_id":"t","content":"x"…}`),
	"a result's text":      used(use, `{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"x"…}]}`),
	"a server's block":     replied(`{"type":"server_tool_use","id":"t","name":"f","input":{}…}`),
	"a system text":        asked(`"hi"`, `,"system":[{"type":"text","text":"x"…}]`),
	"a tool":               asked(`"hi"`, `,"tools":[{"name":"f","input_schema":{"type":"object"}…}]`),
	"a client's tool":      asked(`"hi"`, `,"tools":[{"type":"bash_20250124","name":"bash"…}]`),
	"a schema":             asked(`"hi"`, `,"tools":[{"name":"f","strict":true,"input_schema":{"type":"object","properties":{}…}}]`),
	"properties":           asked(`"hi"`, `,"tools":[{"name":"f","strict":true,"input_schema":{"type":"object","properties":{"a":{}…}}}]`),
	"a tool_choice":        asked(`"hi"`, `,"tools":[{"name":"f"}],"tool_choice":{"type":"tool","name":"f"…}`),
	"thinking":             asked(`"hi"`, `,"thinking":{"type":"enabled","budget_tokens":1024…}`),
	"an output_config":     asked(`"hi"`, `,"output_config":{"effort":"low"…}`),
	"a format":             asked(`"hi"`, `,"output_config":{"format":{"type":"json_schema","schema":{}…}}`),
	"metadata":             asked(`"hi"`, `,"metadata":{"user_id":"u"…}`),
	"a context_management": asked(`"hi"`, `,"context_management":{"edits":[]…}`),
	"additional fields":    asked(`"hi"`, `,"top_k":5,"additional_model_request_fields":{"a":1…}`),
	"request_metadata":     asked(`"hi"`, `,"request_metadata":{"a":"b"…}`),
	"a guardrail":          asked(`"hi"`, `,"guardrail":{"id":"g","version":"1"…}`),
	"prompt_variables":     asked(`"hi"`, `,"prompt_variables":{"a":{"text":"b"…}}`),
}, Lists: map[string]string{
	"messages":            `{"max_tokens":1,"messages":[…{"role":"user","content":"hi"}…]}`,
	"messages in turn":    `{"max_tokens":1,"messages":[…{"role":"user","content":"hi"},{"role":"assistant","content":"#"}…]}`,
	"blank messages":      `{"max_tokens":1,"messages":[…{"role":"user","content":""}…]}`,
	"turns with thoughts": `{"max_tokens":1,"messages":[…{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"h","signature":"c2ln"}]}…]}`,
	"system notes":        `{"max_tokens":1,"messages":[…{"role":"user","content":"hi"},{"role":"system","content":"x"}…]}`,
	"exchanges":           `{"max_tokens":1,"messages":[…{"role":"assistant","content":[{"type":"tool_use","id":"t #","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t #","content":"x"}]}…]}`,
	"blocks":              asked(`[…{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}…]`, ""),
	"blank blocks":        asked(`[…{"type":"text","text":" "}…]`, ""),
	"images":              asked(`[…{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}…]`, ""),
	"documents":           asked(`[…{"type":"document","source":{"type":"text","data":"x"}}…]`, ""),
	"documents to rename": asked(`[…{"type":"document","title":"a/#","source":{"type":"text","data":"x"}}…]`, ""),
	"texts of a document": asked(`[{"type":"document","source":{"type":"content","content":[…{"type":"text","text":"x"}…]}}]`, ""),
	"search results":      asked(`[…{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]}…]`, ""),
	"texts of a search":   asked(`[{"type":"search_result","source":"s","title":"t","content":[…{"type":"text","text":"x"}…]}]`, ""),
	"thinking blocks":     replied(`…{"type":"thinking","thinking":"#","signature":"c2ln"}…`),
	"redacted blocks":     replied(`…{"type":"redacted_thinking","data":"AAAA"}…`),
	"citations":           replied(`{"type":"text","text":"x","citations":[…{"type":"char_location","document_index":0}…]}`),
	"cited blocks":        replied(`…{"type":"text","text":"#","citations":[{"type":"char_location","document_index":0}]}…`),
	"calls of one id":     used(`…{"type":"tool_use","id":"t","name":"f","input":{}}…`, result),
	"calls to rename":     used(`…{"type":"tool_use","id":"t #","name":"f #","input":{}}…`, result),
	"results of one call": used(use, `…{"type":"tool_result","tool_use_id":"t","content":"#"}…`),
	"results, marked":     used(use, `{"type":"tool_result","tool_use_id":"t","content":[…{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}…]}`),
	"references":          used(use, `{"type":"tool_result","tool_use_id":"t","content":[…{"type":"tool_reference","tool_name":"f#"}…]}`),
	"server blocks":       replied(`…{"type":"server_tool_use","id":"t#","name":"f","input":{}},{"type":"web_search_tool_result","tool_use_id":"t#","content":[]}…`),
	"system":              asked(`"hi"`, `,"system":[…{"type":"text","text":"x-anthropic-billing-header: #"}…]`),
	"system, marked":      asked(`"hi"`, `,"system":[…{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}…]`),
	"tools":               asked(`"hi"`, `,"tools":[…{"name":"f #","input_examples":[1],"cache_control":{"type":"ephemeral"}}…]`),
	"tools of one name":   asked(`"hi"`, `,"tools":[…{"name":"f"}…]`),
	"tools of the client": asked(`"hi"`, `,"tools":[…{"type":"bash_20250124","name":"bash#"}…]`),
	"strict tools":        asked(`"hi"`, `,"tools":[…{"name":"f#","strict":true,"input_schema":{"type":"object","properties":{"a":{}}}}…]`),
	"callers":             asked(`"hi"`, `,"tools":[{"name":"f","allowed_callers":[…"c#"…]}]`),
	"betas":               asked(`"hi"`, `,"betas":[…"b#"…]`),
	"betas of two lists":  asked(`"hi"`, `,"anthropic_beta":["a"],"betas":[…"b#"…]`),
	"edits":               asked(`"hi"`, `,"context_management":{"edits":[…{"type":"x"}…]}`),
	"stop sequences":      asked(`"hi"`, `,"stop_sequences":[…"s#"…]`),
	"response paths":      asked(`"hi"`, `,"additional_model_response_field_paths":[…"/p#"…]`),
	"schemas":             asked(`"hi"`, `,"output_config":{"format":{"type":"json_schema","schema":{"anyOf":[…{"type":"object","properties":{"a":{}}}…]}}}`),
}, Repeats: map[string]string{
	"escapes of a text":        asked(`"…\"\\\n…"`, ""),
	"halves of surrogates":     asked(`"…\ud83d…"`, ""),
	"letters of a title":       asked(`[{"type":"document","title":"…a/…","source":{"type":"text","data":"x"}}]`, ""),
	"letters of a tool's name": asked(`"hi"`, `,"tools":[{"name":"…é…"}]`),
	"letters of a type":        asked(`[{"type":"…t…"}]`, ""),
	"base64":                   asked(`[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"…AAAA…"}}]`, ""),
	"letters of a media type":  asked(`[{"type":"image","source":{"type":"base64","media_type":"…image/…","data":"AAAA"}}]`, ""),
	"letters of an id":         used(`{"type":"tool_use","id":"…t …","name":"f","input":{}}`, result),
}, Nests: map[string]string{
	"arrays of an unknown member": asked(`"hi"`, `,"x":…[…1…]…`),
	"Converse results":            asked(`…[{"toolResult":{"toolUseId":"t","content":…[{"text":"x"}]…}}]…`, ""),
	"content":                     asked(`…[…1…]…`, ""),
	"input":                       used(`{"type":"tool_use","id":"t","name":"f","input":…{"a":…1…}…}`, result),
	"schemas of a tool":           asked(`"hi"`, `,"tools":[{"name":"f","strict":true,"input_schema":…{"type":"object","properties":{"a":…{}…}}…}]`),
	"schemas of an answer":        asked(`"hi"`, `,"output_config":{"format":{"type":"json_schema","schema":…{"type":"object","items":…{}…}…}}`),
	"results":                     used(use, `…{"type":"tool_result","tool_use_id":"t","content":[…{"type":"text","text":"x"}…]}…`),
}}

// TestDecodeEndsWhenNobodyWaits: the translation of a long request ends where it is.
func TestDecodeEndsWhenNobodyWaits(t *testing.T) {
	d, err := New(converse.Settings{}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	close(done)
	req := translator.Request{Body: []byte(asked("["+worktest.List(20_000, `{"type":"text","text":"x"}`)+"]", "")), DefaultModel: "m"}
	all := worktest.Allocated(func() { _, err = d.Decode(req) })
	req.Done = done
	some := worktest.Allocated(func() { _, err = d.Decode(req) })
	if err == nil || translator.AsError(err).Kind != translator.KindInternal || some > all/20 {
		t.Errorf("%v after %d bytes of %d", err, some, all)
	}
}
