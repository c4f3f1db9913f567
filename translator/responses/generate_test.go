package responses

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

func (g generator) part() string {
	return g.one(g.resultPart(), g.resultPart(), `{"type":"input_audio","input_audio":{"data":"aGk=","format":`+g.one(`"wav"`, `"mp3"`)+`}}`)
}

// resultPart is a content part of OpenAI's form that a tool's result can have.
func (g generator) resultPart() string {
	return g.one(
		`{"type":"input_text","text":`+g.text()+g.mark()+`}`, `{"type":"input_text","text":`+g.text()+`}`,
		`{"type":"input_image","detail":"auto","image_url":"data:image/`+g.one("png", "jpg", "webp")+`;base64,aGk="`+g.mark()+`}`,
		`{"type":"input_image","image_url":"s3://bucket/key.`+g.one("png", "jpg", "exe")+`"}`,
		`{"type":"input_file","filename":`+g.one(`"a.pdf"`, `"b"`, `"c.txt"`)+`,"file_data":`+g.one(`"aGk="`, `"data:application/pdf;base64,aGk="`)+`}`,
	)
}

// reasoning is an item with a thought.
func (g generator) reasoning() string {
	return g.one(
		`{"type":"reasoning","summary":[],"encrypted_content":`+string(seal([]byte(`{"reasoningText":{"text":`+g.text()+`,"signature":`+g.one(`"c2ln"`, `""`, `null`)+`}}`)))+`}`,
		`{"type":"reasoning","summary":[],"encrypted_content":`+string(seal([]byte(`{"redactedContent":"cmVk"}`)))+`}`,
		`{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA"}`,
		`{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":`+g.text()+`}]}`,
	)
}

// call is the item of a call.
func (g generator) call(id string) string {
	return g.one(
		`{"type":"function_call","call_id":`+id+`,"name":`+g.name()+`,"arguments":`+g.json()+g.mark()+`}`,
		`{"type":"function_call","call_id":`+id+`,"namespace":"ns","name":`+g.name()+`,"arguments":"{}"}`,
		`{"type":"custom_tool_call","call_id":`+id+`,"name":`+g.name()+`,"input":`+g.text()+`}`,
		`{"type":"shell_call","call_id":`+id+`,"action":{"commands":["ls"]}}`,
	)
}

func (g generator) callResult(id string) string {
	return `{"type":` + g.one(`"function_call_output"`, `"custom_tool_call_output"`, `"shell_call_output"`) + `,"call_id":` + id + `,"output":` + g.result() + g.mark() + `}`
}

// exchange is a call and its result.
func (g generator) exchange() string {
	id := g.id()
	return g.call(id) + "," + g.callResult(id)
}

func (g generator) item() string {
	return g.one(
		`{"role":"user","content":`+g.content()+g.mark()+`}`,
		`{"type":"message","role":"user","content":"hi"}`,
		`{"role":"assistant","content":`+g.content()+`}`,
		`{"role":"assistant","content":[{"type":"output_text","text":`+g.text()+`,"annotations":[]},{"type":"refusal","refusal":`+g.text()+`}]}`,
		`{"role":`+g.one(`"system"`, `"developer"`)+`,"content":`+g.text()+g.mark()+`}`,
		`{"type":"web_search_call","id":"ws_1"}`,
		g.reasoning(), g.call(g.id()), g.callResult(g.id()),
		g.exchange(), g.exchange(), g.exchange(),
	)
}

func (g generator) function() string {
	schema := g.one(`{"type":"object"}`, `{}`, `null`, `{"properties":{}}`, `[]`)
	return g.one(
		`{"type":"function","name":`+g.name()+`,"description":`+g.text()+`,"parameters":`+schema+g.mark()+`}`,
		`{"type":"custom","name":`+g.name()+`,"description":`+g.text()+`,"format":{"type":"grammar","syntax":"regex","definition":"x"}}`,
	)
}

func (g generator) tool() string {
	return g.one(
		g.function(), g.function(),
		`{"type":"namespace","name":"ns","description":`+g.text()+`,"tools":[`+g.function()+`]}`,
		`{"type":"web_search"}`,
		`{"toolSpec":{"name":`+g.name()+`,"description":`+g.text()+`,"inputSchema":{"json":{"type":"object"}}}}`,
		g.cachePoint(),
	)
}

func (g generator) member() string {
	return g.one(
		`"tools":[`+g.some(3, g.tool)+`]`, `"tools":[`+g.some(3, g.tool)+`]`,
		`"tool_choice":`+g.one(`"auto"`, `"none"`, `"required"`, `{"type":"function","name":`+g.name()+`}`,
			`{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":`+g.name()+`}]}`),
		`"temperature":`+g.one("0", "0.70", "1", "1.5", "3"), `"top_p":0.9`, `"top_k":5`, `"max_output_tokens":`+g.one("1", "100", "10.0", "0", "5000"),
		`"stop":`+g.one(`"x"`, `["a","","\n"]`), `"unknown":1`, `"stream":`+g.one("true", "false"), `"parallel_tool_calls":false`, `"instructions":`+g.text(),
		`"reasoning":{"effort":`+g.one(`"none"`, `"low"`, `"high"`, `"max"`)+`}`, `"service_tier":`+g.one(`"auto"`, `"fast"`, `"scale"`),
		`"metadata":{"team":`+g.one(`"a"`, `"ü"`)+`}`, `"user":"u"`,
		`"text":{"format":`+g.one(`{"type":"json_schema","name":"n","schema":{"type":"object"}}`, `{"type":"json_object"}`)+`}`,
	)
}

func (g generator) request() string {
	items := g.one(`{"role":"user","content":"hi"},`, "") + g.item()
	if more := g.some(6, g.item); more != "" {
		items += "," + more
	}
	if members := g.some(4, g.member); members != "" {
		return `{"input":[` + items + `],` + members + `}`
	}
	return `{"input":[` + items + `]}`
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
