package anthropic

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bedrock-extproc/tests/fakebedrock/validate"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// generator makes requests from right, odd and wrong pieces.
type generator struct{ *rand.Rand }

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

// some repeats a piece up to n times, with commas.
func (g generator) some(n int, piece func() string) string {
	var all []string
	for range g.IntN(n + 1) {
		all = append(all, piece())
	}
	return strings.Join(all, ",")
}

func (g generator) text() string {
	return g.one(`"hi"`, `"hi"`, `"hi"`, `""`, `" "`, `"\n"`, `" x "`, `"\u00e9\/"`, `"cut \ud83d"`, `"\uDE00"`)
}

func (g generator) id() string {
	return g.one(`"t1"`, `"t1"`, `"t2"`, `"t 3"`, `"functions.f:0"`, `"ab12cd34e"`)
}

func (g generator) name() string {
	return g.one(`"f"`, `"f"`, `"get-weather"`, `"a.b"`, `"a/b"`, `"x y"`, `"`+strings.Repeat("n", 70)+`"`)
}

func (g generator) json() string {
	return g.one(`{}`, `{"b":1.0,"a":12345678901234567890}`, `""`, `null`, `"{\"q\":1}"`, `"{\"q"`, `[1]`, `7`)
}

func (g generator) cachePoint() string {
	return g.one(`{"cachePoint":{"type":"default"}}`, `{"cachePoint":{"type":"default","ttl":"1h"}}`)
}

func (g generator) document() string {
	return fmt.Sprintf(`{"document":{"name":%s,"format":%s,"source":{"bytes":%s}}}`,
		g.one(`"a"`, `"a"`, `"b.pdf"`, `"ü_1"`, `""`), g.one(`"pdf"`, `"txt"`, `"text/plain"`, `null`), g.one(`"aGk="`, `"aGk"`, `"data:x;base64,aGk="`))
}

func (g generator) image() string {
	return fmt.Sprintf(`{"image":{"format":%s,"source":{"bytes":%s}}}`, g.one(`"png"`, `"JPG"`, `"image/webp"`), g.one(`"aGk="`, `"_-8"`))
}

func (g generator) result() string {
	return g.one(
		g.text(), g.json(), `[]`,
		"["+g.some(3, func() string {
			return g.one(g.resultPart(), `{"text":`+g.text()+`}`, `{"json":`+g.json()+`}`, g.image(), g.document(), g.cachePoint())
		})+"]",
	)
}

func (g generator) block() string {
	return g.one(
		`{"text":`+g.text()+`}`, `{"text":`+g.text()+`}`, g.image(), g.document(), g.cachePoint(),
		`{"guardContent":{"text":{"text":`+g.text()+`}}}`,
		`{"guardContent":`+strings.Replace(g.image(), "webp", "png", 1)+`}`,
		`{"audio":{"format":`+g.one(`"mp3"`, `"audio/mpeg"`)+`,"source":{"bytes":"aGk="}}}`,
		`{"searchResult":{"source":"s","title":"t","content":[{"text":"x"}],"citations":{"enabled":true}}}`,
		`{"reasoningContent":{"reasoningText":{"text":"hm","signature":`+g.one(`"c2ln"`, `""`, `null`)+`}}}`,
		`{"reasoningContent":{"redactedContent":"cmVk"}}`,
		`{"toolUse":{"toolUseId":`+g.id()+`,"name":`+g.name()+`,"input":`+g.json()+`}}`,
		`{"toolResult":{"toolUseId":`+g.id()+`,"content":[`+g.some(2, func() string { return `{"text":` + g.text() + `}` })+`]}}`,
	)
}

func (g generator) content() string {
	return g.one(g.text(), g.text(), "["+g.some(4, g.block)+"]", "["+g.some(4, g.part)+"]")
}

func (g generator) mark() string {
	return g.one("", "", "", `,"cache_control":{"type":"ephemeral"}`, `,"cache_control":{"type":"ephemeral","ttl":"1h"}`)
}

func (g generator) source() string {
	return g.one(
		`{"type":"base64","media_type":`+g.one(`"application/pdf"`, `"text/plain"`)+`,"data":`+g.one(`"aGk="`, `"aGk"`)+`}`,
		`{"type":"text","media_type":"text/plain","data":`+g.text()+`}`,
		`{"type":"content","content":[{"type":"text","text":"x"}]}`, `{"type":"url","url":"s3://bucket/a.pdf"}`,
	)
}

// resultPart is a block of Anthropic's form that a tool's result can have.
func (g generator) resultPart() string {
	return g.one(
		`{"type":"text","text":`+g.text()+g.mark()+`}`, `{"type":"text","text":`+g.text()+`}`,
		`{"type":"image","source":{"type":"base64","media_type":"image/`+g.one("png", "jpeg", "webp")+`","data":"aGk="}`+g.mark()+`}`,
		`{"type":"document","source":`+g.source()+g.one("", `,"title":`+g.one(`"a"`, `"b.pdf"`, `"\u00fc"`))+g.one("", `,"citations":{"enabled":true}`)+g.mark()+`}`,
		`{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]`+g.mark()+`}`,
		`{"type":"tool_reference","tool_name":"f"}`,
	)
}

func (g generator) part() string {
	return g.one(g.resultPart(), g.resultPart(), g.thought(), `{"type":"compaction","content":"x"}`, `{"type":"server_tool_use","id":"s","name":"web_search","input":{}}`)
}

func (g generator) thought() string {
	return g.one(`{"type":"thinking","thinking":`+g.text()+`,"signature":`+g.one(`"c2ln"`, `""`, `null`)+`}`, `{"type":"redacted_thinking","data":"cmVk"}`)
}

// exchange is a call and its result.
func (g generator) exchange() string {
	id := g.id()
	return fmt.Sprintf(`{"role":"assistant","content":[%s,{"type":"tool_use","id":%s,"name":%s,"input":%s%s}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":%s,"content":%s%s%s}]}`,
		g.one(g.thought(), `{"type":"text","text":`+g.text()+`}`), id, g.name(), g.json(), g.mark(), id, g.result(), g.one("", `,"is_error":true`, `,"is_error":false`), g.mark())
}

func (g generator) message() string {
	return g.one(
		`{"role":"user","content":`+g.content()+`}`, `{"role":"user","content":"hi"}`,
		`{"role":"assistant","content":`+g.content()+`}`, `{"role":"assistant","content":"ok"}`,
		`{"role":"system","content":`+g.text()+`}`,
		g.exchange(), g.exchange(),
	)
}

func (g generator) tool() string {
	schema := g.one(`{"type":"object"}`, `{}`, `null`, `{"properties":{}}`, `[]`)
	return g.one(
		`{"name":`+g.name()+`,"description":`+g.text()+`,"input_schema":`+schema+g.mark()+`}`,
		`{"toolSpec":{"name":`+g.name()+`,"description":`+g.text()+`,"inputSchema":{"json":`+schema+`}}}`,
		g.cachePoint(),
	)
}

func (g generator) member() string {
	return g.one(
		`"tools":[`+g.some(3, g.tool)+`]`, `"tools":[`+g.some(3, g.tool)+`]`,
		`"tool_choice":`+g.one(`{"type":"auto"}`, `{"type":"none"}`, `{"type":"any","disable_parallel_tool_use":true}`, `{"type":"tool","name":`+g.name()+`}`),
		`"temperature":`+g.one("0", "0.70", "1", "1.5"), `"top_p":0.9`, `"top_k":5`,
		`"stop_sequences":["a","","\n"]`, `"unknown":1`, `"stream":`+g.one("true", "false"), `"cache_control":{"type":"ephemeral"}`,
		`"thinking":`+g.one(`{"type":"enabled","budget_tokens":1024}`, `{"type":"adaptive"}`, `{"type":"disabled"}`),
		`"output_config":`+g.one(`{"effort":"low"}`, `{"format":{"type":"json_schema","schema":{"type":"object"}}}`), `"service_tier":`+g.one(`"auto"`, `"standard_only"`),
		`"system":`+g.one(g.text(), `[{"type":"text","text":`+g.text()+g.mark()+`}]`), `"metadata":{"user_id":"u"}`, `"betas":["effort-2025-11-24","x"]`,
	)
}

func (g generator) request() string {
	messages := g.one(`{"role":"user","content":"hi"},`, "") + g.message()
	if more := g.some(4, g.message); more != "" {
		messages += "," + more
	}
	members := `"max_tokens":` + g.one("1", "5000", "10.0", "0")
	if more := g.some(4, g.member); more != "" {
		members += "," + more
	}
	return `{"messages":[` + messages + `],` + members + `}`
}

// leftToBedrock tells rules about what is passed on: what a family supports at
// all, where content blocks may stand, whether bytes are the image they claim to be, and
// what is not known of a family.
func leftToBedrock(rule, model string) bool {
	switch rule {
	case "tool support", "tool choice support", "system support", "cache support", "token cap", "misplaced blocks", "image type", "media support":
		return true
	case "first turn":
		return strings.Contains(model, "gpt-oss")
	case "cache points":
		return !strings.Contains(model, "claude") && !strings.Contains(model, "nova")
	}
	return false
}

// TestGeneratedRequestsAreAccepted: the service accepts every request that the
// translator accepts, and of a request that strict mode accepts, both modes send the
// same bytes.
func TestGeneratedRequestsAreAccepted(t *testing.T) {
	models := []string{
		"anthropic.claude-3-haiku-20240307-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-opus-4-7-v1:0",
		"us.amazon.nova-pro-v1:0", "us.meta.llama3-3-70b-instruct-v1:0", "mistral.mistral-large-2407-v1:0", "us.writer.palmyra-x5-v1:0",
		"openai.gpt-oss-20b-1:0", "qwen.qwen3-32b-v1:0",
	}
	repair, err := New(converse.Settings{}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	strict, err := New(converse.Settings{Mode: converse.Strict}, Config{})
	if err != nil {
		t.Fatal(err)
	}
	g := generator{rand.New(rand.NewPCG(7, 8))}
	accepted, refusals := 0, map[string]int{}
	for i := range 8000 {
		body := g.request()
		req := translator.Request{Body: []byte(body), DefaultModel: models[i%len(models)]}
		call, err := repair.Decode(req)
		exact, strictErr := strict.Decode(req)
		if err != nil {
			refusals[translator.AsError(err).Message]++
			if strictErr == nil {
				t.Errorf("strict mode takes what repair mode does not: %v\n%s", err, body)
			}
			continue
		}
		accepted++
		if strictErr == nil && string(exact.Body) != string(call.Body) {
			t.Errorf("%s\nrepair %s\nstrict %s", body, call.Body, exact.Body)
		}
		if e := validate.Request(call.Model, call.Body, validate.Options{Streaming: call.Streaming}); e != nil && !leftToBedrock(e.Rule, call.Model) {
			t.Errorf("%s refuses: %v (rule %s)\n%s\n%s", call.Model, e, e.Rule, body, call.Body)
		}
		if t.Failed() {
			return
		}
	}
	if accepted < 1000 || len(refusals) < 20 {
		t.Errorf("only %d requests were accepted, and there were %d kinds of refusals", accepted, len(refusals))
	}
}
