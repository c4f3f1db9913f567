package chat

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// toolCall is one of an assistant message's tool_calls.
type toolCall struct {
	ID    string         `json:"id"`
	Name  string         `json:"name"`
	Input jsontext.Value `json:"input"`
}

// toolCalls are the Converse blocks of an assistant's tool calls.
func (t *translation) toolCalls(calls []toolCall, at string) ([]block, error) {
	blocks := make([]block, 0, len(calls))
	for i := range calls {
		b, err := t.toolCall(&calls[i], index(at+".tool_calls", i))
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, b)
	}
	return blocks, nil
}

func (t *translation) toolCall(c *toolCall, at string) (block, error) {
	if c.ID == "" {
		return block{}, wrongType(at+".id", "Field required.")
	}
	if c.Name == "" {
		return block{}, wrongType(at+".name", "Field required.")
	}
	id, err := t.toolUseID(c.ID, at+".id")
	if err != nil {
		return block{}, err
	}
	name, err := t.toolName(c.Name, at+".name")
	if err != nil {
		return block{}, err
	}
	input, err := t.toolInput(c.Input, at+".input")
	if err != nil {
		return block{}, err
	}
	t.tools = true
	w := newWriter(len(input) + 128)
	w.member("input", input)
	w.text("name", name)
	w.text("toolUseId", id)
	return block{kind: "toolUse", raw: object("toolUse", w.end()), at: at, id: id}, nil
}

// toolInput is an object as it is. A string is JSON in a string or, as the
// reference has it, raw text; nothing is an empty object.
func (t *translation) toolInput(v jsontext.Value, at string) (jsontext.Value, error) {
	switch kindOf(v) {
	case '{':
		return compact(v), nil
	case 0, 'n':
		return jsontext.Value("{}"), nil
	case '"':
		if blank(v) {
			return jsontext.Value("{}"), nil
		}
		if inner := jsontext.Value(unquote(v)); inner.IsValid(verbatim) {
			if kindOf(inner) == '{' {
				return compact(inner), nil
			}
			return nil, notAnObject(at)
		}
		return object("raw", v), t.repair("tool_input_wrapped", at,
			"The input is not JSON; it was sent as {\"raw\": text}.", "Send the input as a JSON object.")
	default:
		return nil, notAnObject(at)
	}
}

func notAnObject(at string) error {
	return invalid(at, "The input of a tool call is not a JSON object.", "Bedrock takes objects only: put the value under a name.")
}

// toolUseBlock checks a Converse toolUse block among the content.
func (t *translation) toolUseBlock(b block, value jsontext.Value) ([]block, error) {
	var use struct {
		ID    string         `json:"toolUseId"`
		Name  string         `json:"name"`
		Input jsontext.Value `json:"input"`
		Type  string         `json:"type"`
	}
	at := b.at + ".toolUse"
	if err := json.Unmarshal(value, &use, lenient); err != nil {
		return nil, wrongType(at, "Input should be an object with toolUseId, name and input.")
	}
	t.tools = true
	if !t.mends() || use.Type == "server_tool_use" {
		return []block{b}, nil // a server's tool has its result in the same turn
	}
	changed := map[string]jsontext.Value{}
	var err error
	if b.id, err = t.toolUseID(use.ID, at+".toolUseId"); err != nil {
		return nil, err
	}
	name, err := t.toolName(use.Name, at+".name")
	if err != nil {
		return nil, err
	}
	input, err := t.toolInput(use.Input, at+".input")
	if err != nil {
		return nil, err
	}
	if b.id == use.ID && name == use.Name && kindOf(use.Input) == '{' {
		return []block{b}, nil
	}
	changed["toolUseId"], changed["name"], changed["input"] = quote(b.id), quote(name), input
	b.raw, err = replaced(b, value, changed)
	return []block{b}, err
}
