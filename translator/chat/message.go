package chat

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// system is text or a list of Converse blocks.
func (in *request) system() error {
	f := in.field("system")
	if k := rawjson.Kind(f.Value); k != '"' && k != '[' && !rawjson.Absent(f.Value) {
		return converse.Malformed(f.At, "Input should be a string or a list of system blocks.")
	}
	blocks, err := in.out.Content(f)
	if err != nil {
		return err
	}
	return in.out.AddSystem(blocks)
}

func (in *request) messages() error {
	if f := in.field("messages"); rawjson.Absent(f.Value) {
		return converse.Malformed(f.At, "Field required: a list of messages.")
	}
	return in.each("messages", in.message)
}

// role is the user's unless another is given.
func role(m part) (string, error) {
	f := m.field("role")
	if f.Value == nil {
		if m.Get("content") == nil && m.Get("tool_calls") == nil {
			return "", converse.Malformed(m.At, "Field required: role or content.")
		}
		return "user", nil
	}
	if rawjson.Kind(f.Value) == '"' {
		switch role := rawjson.Text(f.Value); role {
		case "user", "assistant", "system":
			return role, nil
		}
	}
	return "", converse.Malformed(f.At, "Input should be user, assistant or system.")
}

func (in *request) message(m part) error {
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
	in.ignored(m, "role", "content", "tool_results", "tool_result")
	blocks, err := in.out.Content(m.field("content"))
	if err != nil {
		return err
	}
	return in.out.AddTurn(role, blocks, m.At)
}

// assistant makes the turn of text and tool calls.
func (in *request) assistant(m part) error {
	in.ignored(m, "role", "content", "tool_calls", "tool_results", "tool_result")
	var calls []converse.Block
	err := m.each("tool_calls", func(c part) error {
		in.ignored(c, "id", "name", "input")
		b, err := in.out.ToolUse(converse.ToolUse{At: c.At, ID: c.field("id"), Name: c.field("name"), Input: c.field("input")})
		calls = append(calls, b)
		return err
	})
	if err != nil {
		return err
	}
	content := m.field("content")
	if len(calls) > 0 && string(content.Value) == `""` {
		content.Value = nil // as the reference reads it
	}
	blocks, err := in.out.Content(content)
	if err != nil {
		return err
	}
	return in.out.AddTurn("assistant", append(blocks, calls...), m.At)
}

// results makes the user's turn of a message with tool results. Its role does not
// matter, as in the reference; content stands behind the results.
func (in *request) results(m part) error {
	in.ignored(m, "role", "content", "tool_results", "tool_result")
	var turn []converse.Block
	add := func(p part) error {
		blocks, err := in.result(p)
		turn = append(turn, blocks...)
		return err
	}
	if err := m.each("tool_results", add); err != nil {
		return err
	}
	switch one := m.field("tool_result"); {
	case rawjson.Absent(one.Value):
	case rawjson.Kind(one.Value) != '{':
		return converse.Malformed(one.At, "Input should be an object.")
	default:
		if err := add(partOf(one)); err != nil {
			return err
		}
	}
	content, err := in.out.Content(m.field("content"))
	if err != nil {
		return err
	}
	return in.out.AddTurn("user", append(turn, content...), m.At)
}

func (in *request) result(r part) ([]converse.Block, error) {
	in.ignored(r, "tool_use_id", "content", "is_error", "status")
	return in.out.ToolResult(converse.ToolResult{
		At: r.At, ID: r.field("tool_use_id"), Content: r.field("content"), Status: r.field("status"), IsError: r.field("is_error"),
	})
}
