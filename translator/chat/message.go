package chat

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// message is one entry of the client's messages.
type message struct {
	Role        string         `json:"role"`
	Content     jsontext.Value `json:"content"`
	ToolCalls   []toolCall     `json:"tool_calls"`
	ToolResults []toolResult   `json:"tool_results"`
	ToolResult  *toolResult    `json:"tool_result"`
}

type toolCall struct {
	ID    string         `json:"id"`
	Name  string         `json:"name"`
	Input jsontext.Value `json:"input"`
}

type toolResult struct {
	ToolUseID string         `json:"tool_use_id"`
	Content   jsontext.Value `json:"content"`
	IsError   *bool          `json:"is_error"`
	Status    string         `json:"status"`
}

// conversation is Converse's messages and system blocks as they come together.
type conversation struct {
	system []jsontext.Value
	turns  []turn
	tools  bool // a toolUse or toolResult block is among the turns
}

type turn struct {
	role   string
	blocks []jsontext.Value
}

// add appends what one message says.
func (c *conversation) add(m *message, at string) error {
	role := m.Role
	if role == "" {
		role = "user"
	}
	switch {
	case role == "system":
		blocks, err := contentBlocks(m.Content, at+".content")
		c.system = append(c.system, blocks...)
		return err
	case role != "user" && role != "assistant":
		return wrongType(at+".role", "The role is none of user, assistant and system.")
	case m.ToolResults != nil || m.ToolResult != nil:
		return c.addResults(m, at)
	}
	blocks, err := contentBlocks(m.Content, at+".content")
	if err != nil {
		return err
	}
	if role == "assistant" {
		uses, err := toolUses(m.ToolCalls, at)
		if err != nil {
			return err
		}
		c.tools = c.tools || len(uses) > 0
		blocks = append(blocks, uses...)
	}
	c.append(role, blocks)
	return nil
}

// append merges neighbours of one role: clients send one message per parallel
// result, and the service wants them in one turn. An empty turn is none.
func (c *conversation) append(role string, blocks []jsontext.Value) {
	if len(blocks) == 0 {
		return
	}
	if n := len(c.turns); n > 0 && c.turns[n-1].role == role {
		c.turns[n-1].blocks = append(c.turns[n-1].blocks, blocks...)
		return
	}
	c.turns = append(c.turns, turn{role, blocks})
}

func (c *conversation) addResults(m *message, at string) error {
	results, where := m.ToolResults, at+".tool_results"
	if m.ToolResults == nil {
		results, where = []toolResult{*m.ToolResult}, at+".tool_result"
	}
	var blocks []jsontext.Value
	for i := range results {
		block, err := results[i].block(where + "[" + strconv.Itoa(i) + "]")
		if err != nil {
			return err
		}
		blocks = append(blocks, block)
	}
	c.tools = true
	c.append("user", blocks)
	return nil
}

// block is the Converse toolResult.
func (r *toolResult) block(at string) (jsontext.Value, error) {
	if r.ToolUseID == "" {
		return nil, wrongType(at+".tool_use_id", "Field required: the id of the tool call that this answers.")
	}
	content, err := r.content(at + ".content")
	if err != nil {
		return nil, err
	}
	w := newWriter(len(content) + 128)
	w.member("content", content)
	switch {
	case r.Status != "":
		w.text("status", r.Status)
	case r.IsError != nil && *r.IsError:
		w.text("status", "error")
	case r.IsError != nil:
		w.text("status", "success")
	}
	w.text("toolUseId", r.ToolUseID)
	return object("toolResult", w.end()), nil
}

// content is text for a string and, as the reference has it, for any other JSON
// but a list of blocks. Nothing at all becomes a word, since models differ in what
// they make of an empty result.
func (r *toolResult) content(at string) ([]byte, error) {
	switch kindOf(r.Content) {
	case '[':
		blocks, err := contentBlocks(r.Content, at)
		if err == nil && len(blocks) > 0 {
			return list(blocks), nil
		}
		return list([]jsontext.Value{textBlock(quote("(empty)"))}), err
	case '"':
		if !blank(r.Content) {
			return list([]jsontext.Value{textBlock(r.Content)}), nil
		}
		fallthrough
	case 0, 'n':
		return list([]jsontext.Value{textBlock(quote("(empty)"))}), nil
	default:
		return list([]jsontext.Value{textBlock(quote(string(compact(r.Content))))}), nil
	}
}

// contentBlocks reads content: text, or Converse blocks as they are, or any other
// scalar as its text. Blank text is left out, since the service refuses it.
func contentBlocks(v jsontext.Value, at string) ([]jsontext.Value, error) {
	switch kindOf(v) {
	case 0, 'n':
		return nil, nil
	case '"':
		if blank(v) {
			return nil, nil
		}
		return []jsontext.Value{textBlock(v)}, nil
	case '[':
		return listBlocks(v, at)
	case '{':
		return nil, wrongType(at, "Input should be a string or a list of content blocks.")
	default:
		return []jsontext.Value{textBlock(quote(string(v)))}, nil
	}
}

func listBlocks(v jsontext.Value, at string) ([]jsontext.Value, error) {
	var values []jsontext.Value
	if err := json.Unmarshal(v, &values, lenient); err != nil {
		return nil, malformed(err)
	}
	var blocks []jsontext.Value
	for i, b := range values {
		if kindOf(b) == '"' {
			b = textBlock(b)
		}
		if kindOf(b) != '{' {
			return nil, wrongType(at+"["+strconv.Itoa(i)+"]", "A content block is a JSON object.")
		}
		var text struct {
			Text jsontext.Value `json:"text"`
		}
		if err := json.Unmarshal(b, &text, lenient); err != nil {
			return nil, malformed(err)
		}
		if kindOf(text.Text) == '"' && blank(text.Text) {
			continue
		}
		blocks = append(blocks, compact(b))
	}
	return blocks, nil
}

// toolUses are the Converse blocks of an assistant's tool calls.
func toolUses(calls []toolCall, at string) ([]jsontext.Value, error) {
	var blocks []jsontext.Value
	for i := range calls {
		where := at + ".tool_calls[" + strconv.Itoa(i) + "]"
		if calls[i].ID == "" {
			return nil, wrongType(where+".id", "Field required.")
		}
		if calls[i].Name == "" {
			return nil, wrongType(where+".name", "Field required.")
		}
		w := newWriter(len(calls[i].Input) + 128)
		w.member("input", toolInput(calls[i].Input))
		w.text("name", calls[i].Name)
		w.text("toolUseId", calls[i].ID)
		blocks = append(blocks, object("toolUse", w.end()))
	}
	return blocks, nil
}

// toolInput is an object as it is; a string is JSON in a string, or raw text.
func toolInput(v jsontext.Value) jsontext.Value {
	switch kindOf(v) {
	case 0, 'n':
		return jsontext.Value("{}")
	case '"':
		text := unquote(v)
		if strings.TrimSpace(text) == "" {
			return jsontext.Value("{}")
		}
		if inner := jsontext.Value(text); inner.IsValid(lenient) && kindOf(inner) == '{' {
			return compact(inner)
		}
		return object("raw", v)
	default:
		return compact(v)
	}
}

// appendTurns writes Converse's messages.
func (c *conversation) appendTurns(dst []byte) []byte {
	dst = append(dst, '[')
	for i, t := range c.turns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"content":`...)
		dst = append(dst, list(t.blocks)...)
		dst = append(dst, `,"role":"`...)
		dst = append(dst, t.role...)
		dst = append(dst, `"}`...)
	}
	return append(dst, ']')
}

// size is about how many bytes the conversation takes.
func (c *conversation) size() int {
	n := 0
	for _, t := range c.turns {
		for _, b := range t.blocks {
			n += len(b) + 16
		}
	}
	for _, b := range c.system {
		n += len(b)
	}
	return n
}

func systemBlocks(v jsontext.Value) ([]jsontext.Value, error) { return contentBlocks(v, "system") }

// kindOf is v's kind, 0 when it is absent.
func kindOf(v jsontext.Value) jsontext.Kind {
	if len(v) == 0 {
		return 0
	}
	return v.Kind()
}

func unquote(v jsontext.Value) string {
	text, _ := jsontext.AppendUnquote(nil, v) // what cannot be read becomes U+FFFD
	return string(text)
}

// blank says that a JSON string holds white space at most.
func blank(v jsontext.Value) bool {
	if len(v) > 512 {
		return false
	}
	return strings.TrimSpace(unquote(v)) == ""
}
