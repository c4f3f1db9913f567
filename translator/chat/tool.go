package chat

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

func (in *input) tools() error { return in.Each("tools", in.tool) }

// tool reads a tool in the flat form, OpenAI's, or Converse's own.
func (in *input) tool(t converse.Object) error {
	kind := t.Field("type")
	switch only, ok := t.Members.Only(); {
	case ok && (only.Name == "toolSpec" || rawjson.Kind(only.Value) == '{' && only.Name != "function"):
		return in.out.AddTool(t.At, only)
	case rawjson.Absent(kind.Value), rawjson.IsText(kind.Value, "function"), rawjson.IsText(kind.Value, "custom"):
	default:
		return converse.Refuse(kind.At, converse.FaultToolType)
	}
	if function := t.Field("function"); !rawjson.Absent(function.Value) {
		in.out.WarnUnknown(t, "type", "function")
		var err error
		if t, err = converse.ReadObject(function); err != nil {
			return err
		}
	}
	in.out.WarnUnknown(t, "type", "name", "description", "input_schema", "parameters", "strict")
	schema := t.Field("input_schema")
	if rawjson.Absent(schema.Value) {
		schema = t.Field("parameters")
	}
	return in.out.AddToolSpec(converse.ToolSpec{
		At: t.At, Name: t.Field("name"), Description: t.Field("description"), Schema: schema, Strict: boolean(t.Field("strict")),
	})
}

// toolChoice reads a word, a tool's name, OpenAI's form or Converse's own.
func (in *input) toolChoice() error {
	f := in.Field("tool_choice")
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
		return converse.Refuse(f.At, converse.FaultNotText)
	}
}

func (in *input) choiceObject(f converse.Field) error {
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
