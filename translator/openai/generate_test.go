package openai

import (
	"fmt"
	"testing"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// generator makes requests from right, odd and wrong pieces.
type generator struct{ dialecttest.Generator }

func (g generator) call() string {
	return g.One(
		`{"id":`+g.ID()+`,"type":"function","function":{"name":`+g.Name()+`,"arguments":`+g.JSON()+`}`+g.Mark()+`}`,
		`{"id":`+g.ID()+`,"type":"custom","custom":{"name":`+g.Name()+`,"input":`+g.Text()+`}`+g.Mark()+`}`,
	)
}

func (g generator) part() string {
	return g.One(g.resultPart(), g.resultPart(), `{"type":"input_audio","input_audio":{"data":"aGk=","format":`+g.One(`"wav"`, `"mp3"`)+`}}`)
}

// resultPart is a content part of OpenAI's form that a tool's result can have.
func (g generator) resultPart() string {
	return g.One(
		`{"type":"text","text":`+g.Text()+g.Mark()+`}`, `{"type":"text","text":`+g.Text()+`}`,
		`{"type":"image_url","image_url":{"url":"data:image/`+g.One("png", "jpg", "webp")+`;base64,aGk="}`+g.Mark()+`}`,
		`{"type":"image_url","image_url":"s3://bucket/key.`+g.One("png", "jpg", "exe")+`"}`,
		`{"type":"file","file":{"filename":`+g.One(`"a.pdf"`, `"b"`, `"c.txt"`)+`,"file_data":`+g.One(`"aGk="`, `"data:application/pdf;base64,aGk="`)+`}}`,
	)
}

// reasoning is a member of an assistant's message, with a comma, or nothing.
func (g generator) reasoning() string {
	return g.One("", "", "", `,"reasoning_content":`+g.Text(), `,"reasoning":"hm"`,
		`,"thinking_blocks":[{"type":"thinking","thinking":`+g.Text()+`,"signature":`+g.One(`"c2ln"`, `""`, `null`)+`},{"type":"redacted_thinking","data":"cmVk"}]`)
}

// exchange is a call and its result.
func (g generator) exchange() string {
	id := g.ID()
	return fmt.Sprintf(`{"role":"assistant","content":%s%s,"tool_calls":[{"id":%s,"type":"function","function":{"name":%s,"arguments":%s}}]},{"role":"tool","tool_call_id":%s,"content":%s%s}`,
		g.Text(), g.reasoning(), id, g.Name(), g.JSON(), id, g.Result(g.resultPart), g.Mark())
}

func (g generator) message() string {
	return g.One(
		`{"role":"user","content":`+g.Content(g.part)+g.Mark()+`}`,
		`{"role":"user","content":"hi"}`,
		`{"role":"assistant","content":`+g.Content(g.part)+g.reasoning()+`}`,
		`{"role":"assistant","content":"ok"}`,
		`{"role":`+g.One(`"system"`, `"developer"`)+`,"content":`+g.Text()+g.Mark()+`}`,
		`{"role":"assistant","content":`+g.Text()+`,"tool_calls":[`+g.Some(2, g.call)+`]}`,
		`{"role":"tool","tool_call_id":`+g.ID()+`,"content":`+g.Result(g.resultPart)+`}`,
		g.exchange(), g.exchange(),
	)
}

func (g generator) tool() string {
	schema := g.One(`{"type":"object"}`, `{}`, `null`, `{"properties":{}}`, `[]`)
	return g.One(
		`{"type":"function","function":{"name":`+g.Name()+`,"description":`+g.Text()+`,"parameters":`+schema+`}`+g.Mark()+`}`,
		`{"type":"custom","custom":{"name":`+g.Name()+`,"description":`+g.Text()+`,"format":{"type":"grammar","grammar":{"syntax":"regex","definition":"x"}}}}`,
		`{"toolSpec":{"name":`+g.Name()+`,"description":`+g.Text()+`,"inputSchema":{"json":`+schema+`}}}`,
		g.CachePoint(),
	)
}

func (g generator) member() string {
	return g.One(
		`"tools":[`+g.Some(3, g.tool)+`]`, `"tools":[`+g.Some(3, g.tool)+`]`,
		`"tool_choice":`+g.One(`"auto"`, `"none"`, `"required"`, `{"type":"function","function":{"name":`+g.Name()+`}}`,
			`{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":`+g.Name()+`}}]}}`),
		`"temperature":`+g.One("0", "0.70", "1", "1.5", "3"), `"top_p":0.9`, `"top_k":5`, `"max_tokens":`+g.One("1", "100", "10.0", "0"), `"max_completion_tokens":5000`,
		`"stop":`+g.One(`"x"`, `["a","","\n"]`), `"unknown":1`, `"stream":`+g.One("true", "false"), `"parallel_tool_calls":false`,
		`"reasoning_effort":`+g.One(`"none"`, `"low"`, `"high"`, `"max"`), `"service_tier":`+g.One(`"auto"`, `"fast"`, `"scale"`),
		`"metadata":{"team":`+g.One(`"a"`, `"ü"`)+`}`, `"user":"u"`,
		`"response_format":`+g.One(`{"type":"json_schema","json_schema":{"schema":{"type":"object"}}}`, `{"type":"json_object"}`),
	)
}

func (g generator) request() string {
	messages := g.One(`{"role":"user","content":"hi"},`, "") + g.message()
	if more := g.Some(4, g.message); more != "" {
		messages += "," + more
	}
	if members := g.Some(4, g.member); members != "" {
		return `{"messages":[` + messages + `],` + members + `}`
	}
	return `{"messages":[` + messages + `]}`
}

// leftToBedrock is dialecttest.LeftToBedrock, and what else depends on the model.
func leftToBedrock(rule, model string) bool {
	return rule == "media support" || dialecttest.LeftToBedrock(rule, model)
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
