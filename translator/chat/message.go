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
	blocks, err := in.out.Content(f)
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
		case "user", "assistant", "system":
			return role, nil
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
	if role == "assistant" {
		return in.assistant(m)
	}
	in.out.WarnUnknown(m, "role", "content", "tool_results", "tool_result")
	blocks, err := in.out.Content(m.Field("content"))
	if err != nil {
		return err
	}
	return in.out.AddTurn(role, blocks, m.At)
}

// assistant adds the turn of text and tool calls.
func (in *input) assistant(m converse.Object) error {
	in.out.WarnUnknown(m, "role", "content", "tool_calls", "tool_results", "tool_result")
	var calls []converse.Block
	err := m.Each("tool_calls", func(c converse.Object) error {
		in.out.WarnUnknown(c, "id", "name", "input")
		b, err := in.out.ToolUse(converse.ToolUse{At: c.At, ID: c.Field("id"), Name: c.Field("name"), Input: c.Field("input")})
		calls = append(calls, b)
		return err
	})
	if err != nil {
		return err
	}
	content := m.Field("content")
	if len(calls) > 0 && string(content.Value) == `""` {
		content.Value = nil // as the reference reads it
	}
	blocks, err := in.out.Content(content)
	if err != nil {
		return err
	}
	return in.out.AddTurn("assistant", append(blocks, calls...), m.At)
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
	content, err := in.out.Content(m.Field("content"))
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
