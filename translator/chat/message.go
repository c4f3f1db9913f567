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
	all, err := in.elements("messages")
	if err != nil {
		return err
	}
	for _, f := range all {
		if rawjson.Kind(f.Value) != '{' {
			return converse.Malformed(f.At, "Input should be a message, which is an object.")
		}
		if err := in.message(partOf(f)); err != nil {
			return err
		}
	}
	return nil
}

// role is the user's unless another is given.
func role(m part) (string, error) {
	f := m.field("role")
	if f.Value == nil {
		if m.Get("content") == nil && m.Get("tool_calls") == nil {
			return "", converse.Malformed(m.at, "Field required: role or content.")
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
	var calls []converse.Field
	if role == "assistant" {
		in.ignored(m, "role", "content", "tool_calls", "tool_results", "tool_result")
		if calls, err = m.elements("tool_calls"); err != nil {
			return err
		}
	} else {
		in.ignored(m, "role", "content", "tool_results", "tool_result")
	}
	content := m.field("content")
	if len(calls) > 0 && string(content.Value) == `""` {
		content.Value = nil // as the reference reads it
	}
	blocks, err := in.out.Content(content)
	if err != nil {
		return err
	}
	for _, c := range calls {
		b, err := in.toolCall(c)
		if err != nil {
			return err
		}
		blocks = append(blocks, b)
	}
	return in.out.AddTurn(role, blocks, m.at)
}

func (in *request) toolCall(f converse.Field) (converse.Block, error) {
	if rawjson.Kind(f.Value) != '{' {
		return converse.Block{}, converse.Malformed(f.At, "Input should be a tool call, which is an object.")
	}
	c := partOf(f)
	in.ignored(c, "id", "name", "input")
	return in.out.ToolUse(converse.ToolUse{At: c.at, ID: c.field("id"), Name: c.field("name"), Input: c.field("input")})
}

// results makes the user's turn of a message with tool results. Its role does not
// matter, as in the reference; content stands behind the results.
func (in *request) results(m part) error {
	in.ignored(m, "role", "content", "tool_results", "tool_result")
	all, err := m.elements("tool_results")
	if err != nil {
		return err
	}
	if one := m.field("tool_result"); !rawjson.Absent(one.Value) {
		all = append(all, one)
	}
	var turn []converse.Block
	for _, f := range all {
		blocks, err := in.result(f)
		if err != nil {
			return err
		}
		turn = append(turn, blocks...)
	}
	content, err := in.out.Content(m.field("content"))
	if err != nil {
		return err
	}
	return in.out.AddTurn("user", append(turn, content...), m.at)
}

func (in *request) result(f converse.Field) ([]converse.Block, error) {
	if rawjson.Kind(f.Value) != '{' {
		return nil, converse.Malformed(f.At, "Input should be a tool result, which is an object.")
	}
	r := partOf(f)
	in.ignored(r, "tool_use_id", "content", "is_error", "status")
	return in.out.ToolResult(converse.ToolResult{
		At: r.at, ID: r.field("tool_use_id"), Content: r.field("content"), Status: r.field("status"), IsError: r.field("is_error"),
	})
}
