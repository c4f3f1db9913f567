package openai

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// customInput is the one parameter of a function that stands for a custom tool.
const customInput = "input"

var customSchema = rawjson.Value(`{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}`)

// customTool declares a custom tool, whose input is text, as a function of one text.
func (in *input) customTool(t converse.Object) error {
	in.out.WarnUnknown(t, "type", "custom", "cache_control")
	tool, err := converse.ReadObject(t.Field("custom"))
	if err != nil {
		return err
	}
	in.out.WarnUnknown(tool, "name", "description", "format")
	description, err := in.describe(tool)
	if err != nil {
		return err
	}
	if err := in.out.Repair(t.At, converse.FaultCustomTool); err != nil {
		return err
	}
	in.custom[nameIn(tool.Members)] = true
	return in.out.AddToolSpec(converse.ToolSpec{
		At: t.At, Name: tool.Field("name"), Description: description, Schema: converse.Field{Value: customSchema, At: t.At},
	})
}

// describe is the description of a custom tool, with its grammar.
func (in *input) describe(tool converse.Object) (converse.Field, error) {
	description, err := tool.Text("description")
	format := tool.Field("format")
	if err != nil || rawjson.Absent(format.Value) || rawjson.IsText(rawjson.Members(format.Value).Get("type"), "text") {
		return description, err
	}
	grammar, err := converse.ReadObject(converse.Field{Value: rawjson.Members(format.Value).Get("grammar"), At: format.At + ".grammar"})
	if err != nil {
		return description, err
	}
	definition, err := grammar.Text("definition")
	if err != nil {
		return description, err
	}
	in.out.Warn(format.At, converse.FaultGrammar)
	text := "The input must match this grammar:\n"
	if syntax := grammar.Get("syntax"); rawjson.Kind(syntax) == '"' {
		text = "The input must match this grammar (" + rawjson.Text(syntax) + "):\n"
	}
	if description.Value != nil {
		text = rawjson.Text(description.Value) + "\n\n" + text
	}
	if definition.Value != nil {
		text += rawjson.Text(definition.Value)
	}
	return converse.Field{Value: rawjson.Quote(text), At: description.At}, nil
}

// textOf is the input of a call of a custom tool, as a JSON string. A model that did not
// follow the schema gives its input as it is.
func textOf(call *converse.ToolCall) rawjson.Value {
	if only, ok := rawjson.Members(call.Input).Only(); ok && rawjson.Kind(only.Value) == '"' && (only.Name == customInput || call.Incomplete) {
		return only.Value
	}
	return rawjson.Quote(string(call.Input))
}
