package converse

import (
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// A ToolUse is a tool call in a dialect's own form.
type ToolUse struct {
	At              string
	ID, Name, Input Field
}

// ToolUse makes the block of a tool call.
func (r *Request) ToolUse(u ToolUse) (Block, error) {
	b := Block{Kind: "toolUse", At: u.At, tool: &toolPart{}}
	err := r.count(u.At)
	if err != nil {
		return b, err
	}
	if b.tool.id, err = requiredLabel(u.ID); err != nil {
		return b, err
	}
	if b.tool.name, err = requiredLabel(u.Name); err != nil {
		return b, err
	}
	input, err := r.toolInput(u.Input)
	if err != nil {
		return b, err
	}
	b.members = rawjson.Object{{Name: "input", Value: input}, {Name: "name", Value: u.Name.Value}, {Name: "toolUseId", Value: u.ID.Value}}
	return b, nil
}

// WithCalls appends calls, with the cache points behind them, to the blocks of the same
// message. Those that the blocks have already, by their ids, are left out.
func WithCalls(blocks, calls []Block) []Block {
	there := map[string]bool{}
	for _, b := range blocks {
		if b.is("toolUse") {
			there[b.tool.id.text] = true
		}
	}
	if len(there) == 0 {
		return append(blocks, calls...)
	}
	repeated := false
	for _, b := range calls {
		if b.is("toolUse") {
			repeated = there[b.tool.id.text]
		}
		if !repeated {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

// readToolUse checks and repairs a toolUse block in Converse's own form.
func (r *Request) readToolUse(b *Block) error {
	members, at := rawjson.Members(b.value), b.At+".toolUse."
	b.tool = &toolPart{}
	var err error
	if b.tool.id, err = requiredLabel(Field{members.Get("toolUseId"), at + "toolUseId"}); err != nil {
		return err
	}
	if b.tool.name, err = requiredLabel(Field{members.Get("name"), at + "name"}); err != nil {
		return err
	}
	if rawjson.IsText(members.Get("type"), "server_tool_use") {
		b.tool.server = true // Bedrock chose the name, and the result is in the same turn
		return nil
	}
	given := members.Get("input")
	if rawjson.Kind(given) == '{' {
		return nil
	}
	input, err := r.toolInput(Field{given, at + "input"})
	if err != nil {
		return err
	}
	b.set("input", input)
	return nil
}

// requiredLabel reads a string that cannot be absent or empty.
func requiredLabel(f Field) (label, error) {
	switch {
	case rawjson.Absent(f.Value), string(f.Value) == `""`:
		return label{}, Refuse(f.At, faultRequired)
	case rawjson.Kind(f.Value) != '"':
		return label{}, Refuse(f.At, FaultNotString)
	}
	return label{rawjson.Text(f.Value), f.At}, nil
}

// toolInput reads the input of a tool call. An object stays unchanged. A string with a
// JSON object becomes that object. Any other value becomes {"raw": value}, as in the
// reference server: models write such inputs, and a conversation must survive one. No
// input becomes an empty object.
func (r *Request) toolInput(f Field) (rawjson.Value, error) {
	switch rawjson.Kind(f.Value) {
	case '{':
		return f.Value, nil
	case 0, 'n':
		return rawjson.Value("{}"), nil
	case '"':
		return r.textInput(f)
	default:
		return r.rawInput(f)
	}
}

func (r *Request) textInput(f Field) (rawjson.Value, error) {
	inner := rawjson.Value(strings.TrimSpace(rawjson.Text(f.Value)))
	switch {
	case len(inner) == 0 || string(inner) == "null":
		return rawjson.Value("{}"), nil
	case rawjson.Check(inner) != nil || rawjson.Kind(inner) != '{':
		return r.rawInput(f)
	case rawjson.LoneHalf(inner, 0) >= 0 && !r.passes():
		return rawjson.WithoutHalves(inner), r.repair(f.At, faultHalf)
	}
	return inner, nil
}

// rawInput wraps an input that is not a JSON object.
func (r *Request) rawInput(f Field) (rawjson.Value, error) {
	raw := rawjson.Wrap("raw", f.Value)
	if r.passes() {
		return raw, nil
	}
	return raw, r.repair(f.At, faultInputNotObject)
}
