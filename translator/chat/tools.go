package chat

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// tool is one of the client's tools: flat, OpenAI's, or Converse's own.
type tool struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	InputSchema jsontext.Value `json:"input_schema"`
	Parameters  jsontext.Value `json:"parameters"`
	Strict      *bool          `json:"strict"`
	Function    *tool          `json:"function"`
	ToolSpec    jsontext.Value `json:"toolSpec"`
	SystemTool  jsontext.Value `json:"systemTool"`
	CachePoint  jsontext.Value `json:"cachePoint"`
}

// toolConfig writes the tools and the choice among them. withheld says that the
// client wants no tool called.
func (t *translation) toolConfig(in *request) (config []byte, withheld bool, err error) {
	choice, withheld, err := t.toolChoice(in.ToolChoice)
	if err != nil {
		return nil, false, err
	}
	if withheld || len(in.Tools) == 0 {
		config, err = t.toolsOfHistory(withheld && len(in.Tools) > 0)
		return config, withheld && len(in.Tools) > 0, err
	}
	tools := make([]jsontext.Value, len(in.Tools))
	for i := range in.Tools {
		if tools[i], err = t.tool(&in.Tools[i], index("tools", i)); err != nil {
			return nil, false, err
		}
	}
	w := newWriter(256)
	w.member("toolChoice", choice)
	w.member("tools", list(tools))
	return w.end(), false, nil
}

// toolsOfHistory declares the tools that the conversation has used, since the
// service wants every conversation with tool blocks to declare tools.
func (t *translation) toolsOfHistory(withheld bool) ([]byte, error) {
	if !t.tools || !t.mends() {
		return nil, nil
	}
	var tools []jsontext.Value
	seen := map[string]bool{}
	for _, turn := range t.turns {
		for _, b := range turn.blocks {
			name := usedTool(b)
			if name == "" || seen[name] {
				continue
			}
			seen[name] = true
			w := newWriter(256)
			w.text("description", "This tool was used earlier in the conversation. It is not available any more: do not call it.")
			w.member("inputSchema", object("json", jsontext.Value(anyObject)))
			w.text("name", name)
			tools = append(tools, object("toolSpec", w.end()))
		}
	}
	if len(tools) == 0 {
		return nil, nil
	}
	detail := "The conversation has tool calls, so its tools were declared by name."
	if withheld {
		detail = "No tool may be called, but the conversation has tool calls, so its tools were declared by name."
	}
	if err := t.repair("tools_declared", "tools", detail, "Send the tools that the conversation uses."); err != nil {
		return nil, err
	}
	return object("tools", list(tools)), nil
}

// usedTool is the name in a toolUse block.
func usedTool(b block) string {
	if b.kind != "toolUse" || b.id == "" {
		return ""
	}
	var use struct {
		ToolUse struct {
			Name string `json:"name"`
		} `json:"toolUse"`
	}
	if err := json.Unmarshal(b.raw, &use, lenient); err != nil {
		return ""
	}
	return use.ToolUse.Name
}

// tool is one tool in Converse's form.
func (t *translation) tool(in *tool, at string) (jsontext.Value, error) {
	switch {
	case len(in.ToolSpec) > 0:
		return t.toolSpec(in.ToolSpec, at+".toolSpec")
	case len(in.SystemTool) > 0:
		return object("systemTool", compact(in.SystemTool)), nil
	case len(in.CachePoint) > 0:
		return object("cachePoint", compact(in.CachePoint)), nil
	case in.Function != nil:
		return t.tool(in.Function, at+".function")
	case in.Name == "":
		return nil, wrongType(at+".name", "Field required.")
	}
	name, err := t.toolName(in.Name, at+".name")
	if err != nil {
		return nil, err
	}
	schema, where := in.InputSchema, at+".input_schema"
	if kindOf(schema) == 0 {
		schema, where = in.Parameters, at+".parameters"
	}
	schema, err = t.schema(schema, where)
	if err != nil {
		return nil, err
	}
	w := newWriter(len(schema) + len(in.Description) + 256)
	if !blank(quote(in.Description)) {
		w.text("description", in.Description)
	}
	w.member("inputSchema", object("json", schema))
	w.text("name", name)
	if in.Strict != nil && *in.Strict {
		w.member("strict", []byte("true"))
	}
	return object("toolSpec", w.end()), nil
}

// toolSpec checks a tool in Converse's own form.
func (t *translation) toolSpec(v jsontext.Value, at string) (jsontext.Value, error) {
	var spec struct {
		Name        string  `json:"name"`
		Description *string `json:"description"`
		InputSchema struct {
			JSON jsontext.Value `json:"json"`
		} `json:"inputSchema"`
	}
	if err := json.Unmarshal(v, &spec, lenient); err != nil {
		return nil, wrongType(at, "Input should be an object with name and inputSchema.")
	}
	b := block{kind: "toolSpec", raw: object("toolSpec", compact(v)), at: at}
	if !t.mends() {
		return b.raw, nil
	}
	if spec.Name == "" {
		return nil, wrongType(at+".name", "Field required.")
	}
	changed := map[string]jsontext.Value{}
	name, err := t.toolName(spec.Name, at+".name")
	if err != nil {
		return nil, err
	}
	if name != spec.Name {
		changed["name"] = quote(name)
	}
	schema, err := t.schema(spec.InputSchema.JSON, at+".inputSchema.json")
	if err != nil {
		return nil, err
	}
	if string(schema) != string(compact(spec.InputSchema.JSON)) {
		changed["inputSchema"] = object("json", schema)
	}
	if d := spec.Description; d != nil && blank(quote(*d)) {
		changed["description"] = nil
	}
	return replaced(b, v, changed)
}

// anyObject is the schema of a tool without parameters.
const anyObject = `{"type":"object","properties":{}}`

// schema makes the root of a schema what the service takes, and leaves the rest
// as it is, byte for byte.
func (t *translation) schema(v jsontext.Value, at string) (jsontext.Value, error) {
	switch kindOf(v) {
	case 0, 'n':
		return jsontext.Value(anyObject), nil
	case '{':
	default:
		return nil, wrongType(at, "Input should be a JSON schema, which is an object.")
	}
	c := compact(v)
	if string(c) == "{}" {
		return jsontext.Value(anyObject), nil
	}
	if !t.mends() {
		return c, nil
	}
	var root struct {
		Type jsontext.Value `json:"type"`
	}
	if err := json.Unmarshal(c, &root, lenient); err != nil {
		return nil, malformed(err)
	}
	switch {
	case string(root.Type) == `"object"`:
		return c, nil
	case root.Type == nil:
		w := newWriter(len(c) + 32)
		w.member("type", []byte(`"object"`))
		typed := append(append(w.buf, ','), c[1:]...)
		return typed, t.repair("schema_type_added", at, "The root of the schema got \"type\": \"object\".", "Give the root of the schema the type object.")
	default:
		return nil, invalid(at+".type", "The root of a tool's schema is not of the type object.", "Bedrock takes objects only: put the value under a property.")
	}
}

// toolChoice reads the words and Converse's own form. withheld is "none".
func (t *translation) toolChoice(v jsontext.Value) (choice []byte, withheld bool, err error) {
	switch kindOf(v) {
	case 0, 'n':
		return nil, false, nil
	case '{':
		choice, err = t.choiceObject(v)
	case '"':
		switch name := unquote(v); name {
		case "":
			return nil, false, nil
		case "none":
			return nil, true, nil
		case "auto":
			return []byte(`{"auto":{}}`), false, nil
		case "any", "required":
			choice = []byte(`{"any":{}}`)
		default:
			choice, err = t.namedChoice(name, "tool_choice")
		}
	default:
		return nil, false, wrongType("tool_choice", "Input should be a string or an object.")
	}
	if err == nil && t.mends() && t.thinks && t.family.ThinkingForbidsForcedTool && !strings.HasPrefix(string(choice), `{"auto"`) {
		err = invalid("tool_choice", "A tool cannot be forced while the model thinks, by "+t.rule()+".", "Use auto, or switch thinking off.")
	}
	return choice, false, err
}

// choiceObject is Converse's form, or OpenAI's {"type":"function","function":{"name"}}.
func (t *translation) choiceObject(v jsontext.Value) ([]byte, error) {
	var in struct {
		Tool *struct {
			Name string `json:"name"`
		} `json:"tool"`
		Function *struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	if err := json.Unmarshal(v, &in, lenient); err != nil {
		return nil, wrongType("tool_choice", "Input should be a string or an object such as {\"tool\": {\"name\": …}}.")
	}
	switch {
	case in.Tool != nil && !legal(in.Tool.Name, "_-"):
		return t.namedChoice(in.Tool.Name, "tool_choice.tool.name")
	case in.Function != nil:
		return t.namedChoice(in.Function.Name, "tool_choice.function.name")
	}
	return compact(v), nil
}

func (t *translation) namedChoice(name, at string) ([]byte, error) {
	mapped, err := t.toolName(name, at)
	if err != nil {
		return nil, err
	}
	return object("tool", object("name", quote(mapped))), nil
}
