package chat

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

func (in *request) tools() error { return in.each("tools", in.tool) }

// tool is flat, OpenAI's, or in Converse's own form.
func (in *request) tool(t part) error {
	kind := t.field("type")
	switch only, ok := t.Only(); {
	case ok && (only.Name == "toolSpec" || rawjson.Kind(only.Value) == '{' && only.Name != "function"):
		return in.out.AddTool(t.Field)
	case rawjson.Absent(kind.Value), rawjson.IsText(kind.Value, "function"), rawjson.IsText(kind.Value, "custom"):
	default:
		return converse.Invalid(kind.At, "There is no such type of tool.",
			"Send a function with name, description and input_schema, or a tool in Bedrock's own form.")
	}
	if function := t.field("function"); !rawjson.Absent(function.Value) {
		in.ignored(t, "type", "function")
		if rawjson.Kind(function.Value) != '{' {
			return converse.Malformed(function.At, "Input should be an object.")
		}
		t = partOf(function)
	}
	in.ignored(t, "type", "name", "description", "input_schema", "parameters", "strict")
	schema := t.field("input_schema")
	if rawjson.Absent(schema.Value) {
		schema = t.field("parameters")
	}
	return in.out.AddToolSpec(converse.ToolSpec{
		At: t.At, Name: t.field("name"), Description: t.field("description"), Schema: schema, Strict: t.field("strict"),
	})
}

// toolChoice reads the words, a tool's name, OpenAI's form and Converse's own.
func (in *request) toolChoice() error {
	f := in.field("tool_choice")
	switch rawjson.Kind(f.Value) {
	case 0, 'n':
		return nil
	case '{':
		return in.choiceObject(f)
	case '"':
		switch word := rawjson.Text(f.Value); word {
		case "":
		case "auto", "any":
			in.out.Choose(word, f.At)
		case "required":
			in.out.Choose("any", f.At)
		case "none":
			in.out.ChooseNone()
		default:
			return in.out.ChooseTool(f)
		}
		return nil
	default:
		return converse.Malformed(f.At, "Input should be a string or an object.")
	}
}

func (in *request) choiceObject(f converse.Field) error {
	members := rawjson.Members(f.Value)
	function := members.Get("function")
	switch {
	case len(members) == 0:
		return nil // as in the reference
	case rawjson.Kind(function) == '{':
		return in.out.ChooseTool(converse.Field{Value: rawjson.Members(function).Get("name"), At: f.At + ".function.name"})
	}
	return in.out.ChooseValue(f)
}
