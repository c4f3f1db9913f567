package chat

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// system reads text or a list of Converse blocks.
func (in *input) system() error {
	f := in.Field("system")
	if k := rawjson.Kind(f.Value); k != '"' && k != '[' && !rawjson.Absent(f.Value) {
		return converse.Refuse(f.At, converse.FaultNotSystem)
	}
	blocks, err := in.content(f)
	if err != nil {
		return err
	}
	return in.out.AddSystem(blocks)
}

func (in *input) messages() error {
	if f := in.Field("messages"); rawjson.Absent(f.Value) {
		return converse.Refuse(f.At, converse.FaultNoMessages)
	}
	return in.Each("messages", in.message)
}

// role is user where none is given.
func role(m converse.Object) (string, error) {
	f := m.Field("role")
	if f.Value == nil {
		if m.Get("content") == nil && m.Get("tool_calls") == nil {
			return "", converse.Refuse(m.At, converse.FaultNoRole)
		}
		return "user", nil
	}
	if rawjson.Kind(f.Value) == '"' {
		switch role := rawjson.Text(f.Value); role {
		case "user", "assistant", "system", "tool":
			return role, nil
		case "developer": // OpenAI's newer word
			return "system", nil
		case "function":
			return "", converse.Refuse(f.At, converse.FaultFunctionCall)
		}
	}
	return "", converse.Refuse(f.At, converse.FaultRole)
}

func (in *input) message(m converse.Object) error {
	if !rawjson.Absent(m.Get("tool_results")) || !rawjson.Absent(m.Get("tool_result")) {
		return in.results(m)
	}
	role, err := role(m)
	if err != nil {
		return err
	}
	switch role {
	case "assistant":
		return in.assistant(m)
	case "tool":
		return in.toolMessage(m)
	}
	in.out.WarnUnknown(m, "role", "content", "tool_results", "tool_result")
	blocks, err := in.content(m.Field("content"))
	if err != nil {
		return err
	}
	return in.out.AddTurn(role, blocks, m.At)
}

// assistant adds the turn of text and tool calls.
func (in *input) assistant(m converse.Object) error {
	in.out.WarnUnknown(m, "role", "content", "tool_calls", "tool_results", "tool_result", "refusal", "function_call")
	if !rawjson.Absent(m.Get("function_call")) {
		return converse.Refuse(m.Field("function_call").At, converse.FaultFunctionCall)
	}
	var calls []converse.Block
	err := m.Each("tool_calls", func(c converse.Object) error {
		b, err := in.toolCall(c)
		calls = append(calls, b)
		return err
	})
	if err != nil {
		return err
	}
	blocks, err := in.answer(m, len(calls) > 0)
	if err != nil {
		return err
	}
	return in.out.AddTurn("assistant", append(blocks, calls...), m.At)
}

// answer reads the content of an assistant's message, and the refusal that OpenAI's
// models send instead of content.
func (in *input) answer(m converse.Object, calls bool) ([]converse.Block, error) {
	content := m.Field("content")
	if calls && string(content.Value) == `""` {
		content.Value = nil // as the reference reads it
	}
	blocks, err := in.content(content)
	if err != nil || rawjson.Absent(m.Get("refusal")) {
		return blocks, err
	}
	refusal, err := in.out.Text(m.Field("refusal"))
	return append(blocks, refusal...), err
}

// toolCall reads a tool call in the gateway's own form or in OpenAI's.
func (in *input) toolCall(c converse.Object) (converse.Block, error) {
	use := converse.ToolUse{At: c.At, ID: c.Field("id"), Name: c.Field("name"), Input: c.Field("input")}
	switch f := c.Field("function"); {
	case !rawjson.Absent(f.Value):
		in.out.WarnUnknown(c, "id", "type", "function")
		function, err := converse.ReadObject(f)
		if err != nil {
			return converse.Block{}, err
		}
		in.out.WarnUnknown(function, "name", "arguments")
		use.Name, use.Input = function.Field("name"), function.Field("arguments")
	case !rawjson.Absent(c.Get("custom")):
		return converse.Block{}, converse.Refuse(c.Field("custom").At, converse.FaultToolCallType)
	default:
		in.out.WarnUnknown(c, "id", "name", "input")
	}
	return in.out.ToolUse(use)
}

// toolMessage adds a message with the role tool, which has one result in OpenAI's form.
func (in *input) toolMessage(m converse.Object) error {
	in.out.WarnUnknown(m, "role", "tool_call_id", "content", "name", "is_error", "status")
	result := converse.ToolResult{
		At: m.At, ID: m.Field("tool_call_id"), Content: m.Field("content"), Status: m.Field("status"), IsError: boolean(m.Field("is_error")),
	}
	if isParts(result.Content.Value) {
		blocks, err := in.content(result.Content)
		if err != nil {
			return err
		}
		result.Blocks = append([]converse.Block{}, blocks...) // not nil where all are blank
	}
	blocks, err := in.out.ToolResult(result)
	if err != nil {
		return err
	}
	return in.out.AddTurn("user", blocks, m.At)
}

// results adds the user turn of a message with tool results. Its role does not
// matter, as in the reference. Content comes after the results.
func (in *input) results(m converse.Object) error {
	in.out.WarnUnknown(m, "role", "content", "tool_results", "tool_result")
	var turn []converse.Block
	add := func(p converse.Object) error {
		blocks, err := in.result(p)
		turn = append(turn, blocks...)
		return err
	}
	if err := m.Each("tool_results", add); err != nil {
		return err
	}
	if one := m.Field("tool_result"); !rawjson.Absent(one.Value) {
		object, err := converse.ReadObject(one)
		if err != nil {
			return err
		}
		if err := add(object); err != nil {
			return err
		}
	}
	content, err := in.content(m.Field("content"))
	if err != nil {
		return err
	}
	return in.out.AddTurn("user", append(turn, content...), m.At)
}

func (in *input) result(r converse.Object) ([]converse.Block, error) {
	in.out.WarnUnknown(r, "tool_use_id", "content", "is_error", "status")
	return in.out.ToolResult(converse.ToolResult{
		At: r.At, ID: r.Field("tool_use_id"), Content: r.Field("content"), Status: r.Field("status"), IsError: boolean(r.Field("is_error")),
	})
}
