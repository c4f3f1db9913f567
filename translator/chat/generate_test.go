package chat

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
	return `{"id":` + g.ID() + `,"name":` + g.Name() + `,"input":` + g.JSON() + `}`
}

// exchange is a call and its result.
func (g generator) exchange() string {
	id := g.ID()
	return fmt.Sprintf(`{"role":"assistant","content":%s,"tool_calls":[{"id":%s,"name":%s,"input":%s}]},{"tool_results":[{"tool_use_id":%s,"content":%s%s}]}`,
		g.Text(), id, g.Name(), g.JSON(), id, g.Result(), g.One("", `,"is_error":true`, `,"status":"success"`))
}

func (g generator) message() string {
	return g.One(
		`{"role":"user","content":`+g.Content()+`}`,
		`{"role":"user","content":"hi"}`,
		`{"role":"assistant","content":`+g.Content()+`}`,
		`{"role":"assistant","content":"ok"}`,
		`{"role":"system","content":`+g.Text()+`}`,
		`{"role":"assistant","content":`+g.Text()+`,"tool_calls":[`+g.Some(2, g.call)+`]}`,
		`{"tool_results":[`+g.Some(2, func() string { return `{"tool_use_id":` + g.ID() + `,"content":` + g.Result() + `}` })+`]}`,
		g.exchange(), g.exchange(),
	)
}

func (g generator) tool() string {
	schema := g.One(`{"type":"object"}`, `{}`, `null`, `{"properties":{}}`, `[]`)
	return g.One(
		`{"name":`+g.Name()+`,"description":`+g.Text()+`,"input_schema":`+schema+`}`,
		`{"type":"function","function":{"name":`+g.Name()+`,"parameters":`+schema+`}}`,
		`{"toolSpec":{"name":`+g.Name()+`,"description":`+g.Text()+`,"inputSchema":{"json":`+schema+`}}}`,
		g.CachePoint(),
	)
}

func (g generator) member() string {
	return g.One(
		`"system":`+g.Text(), `"system":[{"text":`+g.Text()+`},`+g.CachePoint()+`]`,
		`"tools":[`+g.Some(3, g.tool)+`]`, `"tools":[`+g.Some(3, g.tool)+`]`,
		`"tool_choice":`+g.One(`"auto"`, `"any"`, `"none"`, `"required"`, g.Name(), `{"auto":{}}`, `{"tool":{"name":`+g.Name()+`}}`),
		`"temperature":`+g.One("0", "0.70", "1", "1.5"), `"top_p":0.9`, `"top_k":5`, `"max_tokens":`+g.One("1", "100", "10.0", "0"),
		`"stop":`+g.One(`"x"`, `["a","","\n"]`), `"unknown":1`,
		`"additional_model_request_fields":{"thinking":{"type":"enabled","budget_tokens":50}}`,
		`"request_metadata":{"team":`+g.One(`"a"`, `"ü"`)+`}`,
		`"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}}`,
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

// TestGeneratedRequestsAreAccepted: the service accepts every request that the
// translator accepts, and of a request that strict mode accepts, both modes send the
// same bytes.
func TestGeneratedRequestsAreAccepted(t *testing.T) {
	dialecttest.Generated(t, newDialect, func(g dialecttest.Generator) string { return generator{g}.request() }, dialecttest.LeftToBedrock)
}

func newDialect(mode converse.Mode) (translator.Dialect, error) {
	return New(converse.Settings{Mode: mode}, Config{})
}
