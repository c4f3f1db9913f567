package openaiapi

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// customInput is the one parameter of a function that stands for a custom tool.
const customInput = "input"

var customSchema = rawjson.Value(`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}`)

// A CustomTool is a tool whose input is text, in the words of either API.
type CustomTool struct {
	At                string
	Name, Description converse.Field
	// Format is absent, {"type": "text"}, or a grammar: {"type": "grammar", "syntax": …,
	// "definition": …}, whose members may be in an object of their own, grammar.
	Format converse.Field
}

// AddCustomTool declares a custom tool as a function of one text.
func AddCustomTool(out *converse.Request, t CustomTool) error {
	description, err := t.describe(out)
	if err != nil {
		return err
	}
	if err := out.Repair(t.At, converse.FaultCustomTool); err != nil {
		return err
	}
	return out.AddToolSpec(converse.ToolSpec{
		At: t.At, Name: t.Name, Description: description, Schema: converse.Field{Value: customSchema, At: t.At},
	})
}

// describe is the description with the grammar, which Converse has no place for.
func (t CustomTool) describe(out *converse.Request) (converse.Field, error) {
	description := t.Description
	if k := rawjson.Kind(description.Value); k != '"' && !rawjson.Absent(description.Value) {
		return description, converse.Refuse(description.At, converse.FaultNotString)
	}
	if rawjson.Absent(t.Format.Value) || rawjson.IsText(rawjson.Members(t.Format.Value).Get("type"), "text") {
		return description, nil
	}
	grammar, err := t.grammar()
	if err != nil {
		return description, err
	}
	definition, err := grammar.Text("definition")
	if err != nil {
		return description, err
	}
	out.Warn(t.Format.At, converse.FaultGrammar)
	text := "The input must match this grammar:\n"
	if syntax := grammar.Get("syntax"); rawjson.Kind(syntax) == '"' {
		text = "The input must match this grammar (" + rawjson.Text(syntax) + "):\n"
	}
	if !rawjson.Absent(description.Value) {
		text = rawjson.Text(description.Value) + "\n\n" + text
	}
	if definition.Value != nil {
		text += rawjson.Text(definition.Value)
	}
	return converse.Field{Value: rawjson.Quote(text), At: description.At}, nil
}

// grammar is the object with syntax and definition.
func (t CustomTool) grammar() (converse.Object, error) {
	format, err := converse.ReadObject(t.Format)
	if err != nil || rawjson.Absent(format.Get("grammar")) {
		return format, err
	}
	return converse.ReadObject(format.Field("grammar"))
}

// CustomInput is the input of a call of the function that stands for a custom tool.
func CustomInput(text converse.Field) (converse.Field, error) {
	if rawjson.Kind(text.Value) != '"' {
		return text, converse.Refuse(text.At, converse.FaultNotString)
	}
	return converse.Field{Value: rawjson.Wrap(customInput, text.Value), At: text.At}, nil
}

// CustomText is the input of a call of a custom tool, as a JSON string. A model that did
// not follow the schema gives its input as it is.
func CustomText(call *converse.ToolCall) rawjson.Value {
	if only, ok := rawjson.Members(call.Input).Only(); ok && rawjson.Kind(only.Value) == '"' && (only.Name == customInput || call.Incomplete) {
		return only.Value
	}
	return rawjson.Quote(string(call.Input))
}

// Arguments is the input of a call of a function as a JSON string: JSON text, or what the
// model wrote instead.
func Arguments(call *converse.ToolCall) rawjson.Value {
	if call.Incomplete {
		if raw := rawjson.Members(call.Input).Get("raw"); rawjson.Kind(raw) == '"' {
			return raw
		}
	}
	return rawjson.Quote(string(call.Input))
}
