package responses

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

// toolCall reads a call of a function, or of a custom tool, whose input is text.
func (in *input) toolCall(i converse.Object, kind string) error {
	in.out.WarnUnknown(i, "type", "id", "call_id", "name", "namespace", "arguments", "parsed_arguments", "input", "status", "caller", "async", "cache_control")
	use := converse.ToolUse{At: i.At, ID: i.Field("call_id"), Name: qualified(i.Field("namespace"), i.Field("name")), Input: i.Field("arguments")}
	if kind == "custom_tool_call" {
		var err error
		if use.Input, err = openaiapi.CustomInput(i.Field("input")); err != nil {
			return err
		}
	}
	return in.addCall(use, i)
}

func (in *input) addCall(use converse.ToolUse, i converse.Object) error {
	block, err := in.out.ToolUse(use)
	if err != nil {
		return err
	}
	blocks, err := in.marked([]converse.Block{block}, i)
	if err != nil {
		return err
	}
	return in.add("assistant", blocks, i.At)
}

// toolResult reads the result of a call: text or content parts.
func (in *input) toolResult(i converse.Object) error {
	in.out.WarnUnknown(i, "type", "id", "call_id", "name", "namespace", "output", "status", "caller", "cache_control")
	result := converse.ToolResult{At: i.At, ID: i.Field("call_id"), Content: i.Field("output")}
	var err error
	if result.Blocks, err = in.out.ResultParts(result.Content, in.part); err != nil {
		return err
	}
	return in.addResult(result, i)
}

func (in *input) addResult(result converse.ToolResult, i converse.Object) error {
	blocks, err := in.out.ToolResult(result)
	if err != nil {
		return err
	}
	if blocks, err = in.marked(blocks, i); err != nil {
		return err
	}
	return in.add("user", blocks, i.At)
}

// A shellCall is a call of a tool that OpenAI has defined and that the client runs: the
// name that the call gets, and the member with its input.
type shellCall struct{ name, input string }

var shellCalls = map[string]shellCall{
	"local_shell_call": {"local_shell", "action"},
	"shell_call":       {"shell", "action"},
	"apply_patch_call": {"apply_patch", "operation"},
}

var shellResults = []string{"local_shell_call_output", "shell_call_output", "apply_patch_call_output"}

// shellCall reads such a call of a conversation that began with another provider.
func (in *input) shellCall(i converse.Object, c shellCall) error {
	in.out.WarnUnknown(i, "type", "id", "call_id", "status", "environment", "caller", c.input)
	name := converse.Field{Value: rawjson.Quote(c.name), At: i.Field("type").At}
	return in.addCall(converse.ToolUse{At: i.At, ID: i.Either("call_id", "id"), Name: name, Input: i.Field(c.input)}, i)
}

// shellResult reads its result. A structured one is sent as JSON text.
func (in *input) shellResult(i converse.Object) error {
	in.out.WarnUnknown(i, "type", "id", "call_id", "status", "output", "max_output_length", "caller")
	result := converse.ToolResult{At: i.At, ID: i.Either("call_id", "id"), Content: i.Field("output")}
	if status := i.Field("status"); rawjson.IsText(status.Value, "failed") {
		result.Status = converse.Field{Value: rawjson.Value(`"error"`), At: status.At}
	}
	return in.addResult(result, i)
}
