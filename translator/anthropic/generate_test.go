package anthropic

import (
	"fmt"
	"strings"
	"testing"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// generator makes requests from right, odd and wrong pieces.
type generator struct{ dialecttest.Generator }

func (g generator) source() string {
	return g.One(
		`{"type":"base64","media_type":`+g.One(`"application/pdf"`, `"text/plain"`)+`,"data":`+g.One(`"aGk="`, `"aGk"`)+`}`,
		`{"type":"text","media_type":"text/plain","data":`+g.Text()+`}`,
		`{"type":"content","content":[{"type":"text","text":"x"}]}`, `{"type":"url","url":"s3://bucket/a.pdf"}`,
	)
}

// resultPart is a block of Anthropic's form that a tool's result can have.
func (g generator) resultPart() string {
	return g.One(
		`{"type":"text","text":`+g.Text()+g.Mark()+`}`, `{"type":"text","text":`+g.Text()+`}`,
		`{"type":"image","source":{"type":"base64","media_type":"image/`+g.One("png", "jpeg", "webp")+`","data":"aGk="}`+g.Mark()+`}`,
		`{"type":"document","source":`+g.source()+g.One("", `,"title":`+g.One(`"a"`, `"b.pdf"`, `"\u00fc"`))+g.One("", `,"citations":{"enabled":true}`)+g.Mark()+`}`,
		`{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]`+g.Mark()+`}`,
		`{"type":"tool_reference","tool_name":"f"}`,
	)
}

func (g generator) part() string {
	return g.One(g.resultPart(), g.resultPart(), g.thought(), `{"type":"compaction","content":"x"}`, `{"type":"server_tool_use","id":"s","name":"web_search","input":{}}`)
}

func (g generator) thought() string {
	return g.One(`{"type":"thinking","thinking":`+g.Text()+`,"signature":`+g.One(`"c2ln"`, `""`, `null`)+`}`, `{"type":"redacted_thinking","data":"cmVk"}`)
}

// exchange is a call and its result.
func (g generator) exchange() string {
	id := g.ID()
	return fmt.Sprintf(`{"role":"assistant","content":[%s,{"type":"tool_use","id":%s,"name":%s,"input":%s%s}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":%s,"content":%s%s%s}]}`,
		g.One(g.thought(), `{"type":"text","text":`+g.Text()+`}`), id, g.Name(), g.JSON(), g.Mark(), id, g.Result(g.resultPart), g.One("", `,"is_error":true`, `,"is_error":false`), g.Mark())
}

func (g generator) message() string {
	return g.One(
		`{"role":"user","content":`+g.Content(g.part)+`}`, `{"role":"user","content":"hi"}`,
		`{"role":"assistant","content":`+g.Content(g.part)+`}`, `{"role":"assistant","content":"ok"}`,
		`{"role":"system","content":`+g.Text()+`}`,
		g.exchange(), g.exchange(),
	)
}

func (g generator) tool() string {
	schema := g.One(`{"type":"object"}`, `{}`, `null`, `{"properties":{}}`, `[]`)
	return g.One(
		`{"name":`+g.Name()+`,"description":`+g.Text()+`,"input_schema":`+schema+g.Mark()+`}`,
		`{"toolSpec":{"name":`+g.Name()+`,"description":`+g.Text()+`,"inputSchema":{"json":`+schema+`}}}`,
		g.CachePoint(),
	)
}

func (g generator) member() string {
	return g.One(
		`"tools":[`+g.Some(3, g.tool)+`]`, `"tools":[`+g.Some(3, g.tool)+`]`,
		`"tool_choice":`+g.One(`{"type":"auto"}`, `{"type":"none"}`, `{"type":"any","disable_parallel_tool_use":true}`, `{"type":"tool","name":`+g.Name()+`}`),
		`"temperature":`+g.One("0", "0.70", "1", "1.5"), `"top_p":0.9`, `"top_k":5`,
		`"stop_sequences":["a","","\n"]`, `"unknown":1`, `"stream":`+g.One("true", "false"), `"cache_control":{"type":"ephemeral"}`,
		`"thinking":`+g.One(`{"type":"enabled","budget_tokens":1024}`, `{"type":"adaptive"}`, `{"type":"disabled"}`),
		`"output_config":`+g.One(`{"effort":"low"}`, `{"format":{"type":"json_schema","schema":{"type":"object"}}}`), `"service_tier":`+g.One(`"auto"`, `"standard_only"`),
		`"system":`+g.One(g.Text(), `[{"type":"text","text":`+g.Text()+g.Mark()+`}]`), `"metadata":{"user_id":"u"}`, `"betas":["effort-2025-11-24","x"]`,
	)
}

func (g generator) request() string {
	messages := g.One(`{"role":"user","content":"hi"},`, "") + g.message()
	if more := g.Some(4, g.message); more != "" {
		messages += "," + more
	}
	members := `"max_tokens":` + g.One("1", "5000", "10.0", "0")
	if more := g.Some(4, g.member); more != "" {
		members += "," + more
	}
	return `{"messages":[` + messages + `],` + members + `}`
}

// leftToBedrock is dialecttest.LeftToBedrock, and what else depends on the model.
func leftToBedrock(rule, model string) bool {
	switch rule {
	case "media support":
		return true
	case "cache points":
		return !strings.Contains(model, "claude") && !strings.Contains(model, "nova")
	}
	return dialecttest.LeftToBedrock(rule, model)
}

// TestGeneratedRequestsAreAccepted: the service accepts every request that the
// translator accepts, and of a request that strict mode accepts, both modes send the
// same bytes.
func TestGeneratedRequestsAreAccepted(t *testing.T) {
	dialecttest.Generated(t, newDialect, func(g dialecttest.Generator) string { return generator{g}.request() }, leftToBedrock)
}

func newDialect(mode converse.Mode) (translator.Dialect, error) {
	return New(converse.Settings{Mode: mode}, Config{})
}
