package chat

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// block is one Converse content block.
type block struct {
	// kind is its one key, such as "text" or "toolUse".
	kind string
	// raw is the whole object as it will be sent.
	raw jsontext.Value
	// at is where it stands in the client's request.
	at string
	// id is the toolUseId of toolUse and toolResult blocks.
	id string
}

// blocks reads content: text, or Converse blocks, or any other scalar as its text.
func (t *translation) blocks(v jsontext.Value, at string) ([]block, error) {
	switch kindOf(v) {
	case 0, 'n':
		return nil, nil
	case '"':
		return t.textBlock(v, at)
	case '[':
		return t.blockList(v, at)
	case '{':
		return nil, wrongType(at, "Input should be a string or a list of content blocks.")
	default:
		return []block{{kind: "text", raw: object("text", quote(string(v))), at: at}}, nil
	}
}

// textBlock is none for blank text, which the service refuses.
func (t *translation) textBlock(v jsontext.Value, at string) ([]block, error) {
	if blank(v) && t.mends() {
		if unquote(v) == "" {
			return nil, nil // what clients send beside tool calls
		}
		return nil, t.repair("blank_text_dropped", at, "Text of nothing but white space was left out.", "Leave the text out.")
	}
	return []block{{kind: "text", raw: object("text", v), at: at}}, nil
}

func (t *translation) blockList(v jsontext.Value, at string) ([]block, error) {
	var values []jsontext.Value
	if err := json.Unmarshal(v, &values, lenient); err != nil {
		return nil, malformed(err)
	}
	all := make([]block, 0, len(values))
	for i, raw := range values {
		some, err := t.block(raw, index(at, i))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// block checks one element of a content list. Kinds that are not known here pass.
func (t *translation) block(raw jsontext.Value, at string) ([]block, error) {
	switch kindOf(raw) {
	case '"':
		return t.textBlock(raw, at)
	case '{':
	default:
		return nil, wrongType(at, "A content block is a JSON object.")
	}
	kind, value, err := onlyMember(raw)
	if err != nil {
		return nil, malformed(err)
	}
	switch kind {
	case "":
		return nil, invalid(at, "A content block has exactly one member, which names its kind.",
			"Send each block as an object such as {\"text\": \"…\"}.")
	case "text":
		if kindOf(value) != '"' {
			return nil, wrongType(at+".text", "Input should be a string.")
		}
		return t.textBlock(value, at)
	}
	b := block{kind: kind, raw: compact(raw), at: at}
	return t.checked(b, value)
}

// checked applies what is known about a kind.
func (t *translation) checked(b block, value jsontext.Value) ([]block, error) {
	switch b.kind {
	case "toolUse":
		return t.toolUseBlock(b, value)
	case "toolResult":
		return t.toolResultBlock(b, value)
	case "image", "video", "audio":
		return t.media(b, value)
	case "document":
		return t.document(b, value)
	case "reasoningContent":
		return t.reasoning(b, value)
	}
	return []block{b}, nil
}

// onlyMember returns the name and value of an object's only member; members that
// are null do not count. The name is "" when there is none or more than one.
func onlyMember(v jsontext.Value) (name string, value jsontext.Value, err error) {
	err = eachMember(v, func(n string, val jsontext.Value) {
		switch {
		case absent(val):
		case value == nil:
			name, value = n, val
		default:
			name = ""
		}
	})
	return name, value, err
}

// eachMember calls f for every member of an object, in order. The values are
// parts of v.
func eachMember(v jsontext.Value, f func(name string, value jsontext.Value)) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(v), verbatim)
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		token, err := dec.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		end := dec.InputOffset()
		f(name, v[end-int64(len(value)):end])
	}
	return nil
}

func memberNames(v jsontext.Value) (names []string, err error) {
	err = eachMember(v, func(name string, _ jsontext.Value) { names = append(names, name) })
	return names, err
}
