package responses

import (
	"testing"

	"bedrock-extproc/tests/dialecttest"
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// generator makes requests from right, odd and wrong pieces.
type generator struct{ dialecttest.Generator }

func (g generator) part() string {
	return g.One(g.resultPart(), g.resultPart(), `{"type":"input_audio","input_audio":{"data":"aGk=","format":`+g.One(`"wav"`, `"mp3"`)+`}}`)
}

// resultPart is a content part of OpenAI's form that a tool's result can have.
func (g generator) resultPart() string {
	return g.One(
		`{"type":"input_text","text":`+g.Text()+g.Mark()+`}`, `{"type":"input_text","text":`+g.Text()+`}`,
		`{"type":"input_image","detail":"auto","image_url":"data:image/`+g.One("png", "jpg", "webp")+`;base64,aGk="`+g.Mark()+`}`,
		`{"type":"input_image","image_url":"s3://bucket/key.`+g.One("png", "jpg", "exe")+`"}`,
		`{"type":"input_file","filename":`+g.One(`"a.pdf"`, `"b"`, `"c.txt"`)+`,"file_data":`+g.One(`"aGk="`, `"data:application/pdf;base64,aGk="`)+`}`,
	)
}

// reasoning is an item with a thought.
func (g generator) reasoning() string {
	return g.One(
		`{"type":"reasoning","summary":[],"encrypted_content":`+string(seal([]byte(`{"reasoningText":{"text":`+g.Text()+`,"signature":`+g.One(`"c2ln"`, `""`, `null`)+`}}`)))+`}`,
		`{"type":"reasoning","summary":[],"encrypted_content":`+string(seal([]byte(`{"redactedContent":"cmVk"}`)))+`}`,
		`{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"gAAA"}`,
		`{"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":`+g.Text()+`}]}`,
	)
}

// call is the item of a call.
func (g generator) call(id string) string {
	return g.One(
		`{"type":"function_call","call_id":`+id+`,"name":`+g.Name()+`,"arguments":`+g.JSON()+g.Mark()+`}`,
		`{"type":"function_call","call_id":`+id+`,"namespace":"ns","name":`+g.Name()+`,"arguments":"{}"}`,
		`{"type":"custom_tool_call","call_id":`+id+`,"name":`+g.Name()+`,"input":`+g.Text()+`}`,
		`{"type":"shell_call","call_id":`+id+`,"action":{"commands":["ls"]}}`,
	)
}

func (g generator) callResult(id string) string {
	return `{"type":` + g.One(`"function_call_output"`, `"custom_tool_call_output"`, `"shell_call_output"`) + `,"call_id":` + id + `,"output":` + g.Result(g.resultPart) + g.Mark() + `}`
}

// exchange is a call and its result.
func (g generator) exchange() string {
	id := g.ID()
	return g.call(id) + "," + g.callResult(id)
}

func (g generator) item() string {
	return g.One(
		`{"role":"user","content":`+g.Content(g.part)+g.Mark()+`}`,
		`{"type":"message","role":"user","content":"hi"}`,
		`{"role":"assistant","content":`+g.Content(g.part)+`}`,
		`{"role":"assistant","content":[{"type":"output_text","text":`+g.Text()+`,"annotations":[]},{"type":"refusal","refusal":`+g.Text()+`}]}`,
		`{"role":`+g.One(`"system"`, `"developer"`)+`,"content":`+g.Text()+g.Mark()+`}`,
		`{"type":"web_search_call","id":"ws_1"}`,
		g.reasoning(), g.call(g.ID()), g.callResult(g.ID()),
		g.exchange(), g.exchange(), g.exchange(),
	)
}

func (g generator) function() string {
	schema := g.One(`{"type":"object"}`, `{}`, `null`, `{"properties":{}}`, `[]`)
	return g.One(
		`{"type":"function","name":`+g.Name()+`,"description":`+g.Text()+`,"parameters":`+schema+g.Mark()+`}`,
		`{"type":"custom","name":`+g.Name()+`,"description":`+g.Text()+`,"format":{"type":"grammar","syntax":"regex","definition":"x"}}`,
	)
}

func (g generator) tool() string {
	return g.One(
		g.function(), g.function(),
		`{"type":"namespace","name":"ns","description":`+g.Text()+`,"tools":[`+g.function()+`]}`,
		`{"type":"web_search"}`,
		`{"toolSpec":{"name":`+g.Name()+`,"description":`+g.Text()+`,"inputSchema":{"json":{"type":"object"}}}}`,
		g.CachePoint(),
	)
}

func (g generator) member() string {
	return g.One(
		`"tools":[`+g.Some(3, g.tool)+`]`, `"tools":[`+g.Some(3, g.tool)+`]`,
		`"tool_choice":`+g.One(`"auto"`, `"none"`, `"required"`, `{"type":"function","name":`+g.Name()+`}`,
			`{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":`+g.Name()+`}]}`),
		`"temperature":`+g.One("0", "0.70", "1", "1.5", "3"), `"top_p":0.9`, `"top_k":5`, `"max_output_tokens":`+g.One("1", "100", "10.0", "0", "5000"),
		`"stop":`+g.One(`"x"`, `["a","","\n"]`), `"unknown":1`, `"stream":`+g.One("true", "false"), `"parallel_tool_calls":false`, `"instructions":`+g.Text(),
		`"reasoning":{"effort":`+g.One(`"none"`, `"low"`, `"high"`, `"max"`)+`}`, `"service_tier":`+g.One(`"auto"`, `"fast"`, `"scale"`),
		`"metadata":{"team":`+g.One(`"a"`, `"ü"`)+`}`, `"user":"u"`,
		`"text":{"format":`+g.One(`{"type":"json_schema","name":"n","schema":{"type":"object"}}`, `{"type":"json_object"}`)+`}`,
	)
}

func (g generator) request() string {
	items := g.One(`{"role":"user","content":"hi"},`, "") + g.item()
	if more := g.Some(6, g.item); more != "" {
		items += "," + more
	}
	if members := g.Some(4, g.member); members != "" {
		return `{"input":[` + items + `],` + members + `}`
	}
	return `{"input":[` + items + `]}`
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
