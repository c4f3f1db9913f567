package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// An AnswerBlock is one complete content block of an answer.
type AnswerBlock struct {
	// Kind is the block's member, such as "text" or "toolUse".
	Kind string
	// Value is the block in the form that a later request needs, with the client's tool
	// name.
	Value rawjson.Value
	// Text is the block's part of the answer's text, as a JSON string; nil if it has
	// none.
	Text rawjson.Value
	// Call is a call of one of the client's tools; nil for every other block, also for a
	// call whose tool Bedrock runs itself.
	Call *ToolCall
	// Plain says that the block has nothing but Text or Call.
	Plain bool
}

// A ToolCall is a call of one of the client's tools.
type ToolCall struct {
	// ID is a JSON string, as Bedrock wrote it.
	ID rawjson.Value
	// Name is the client's.
	Name string
	// Input is any JSON, usually an object. In a stream it is set at StepBlock.
	Input rawjson.Value
	// Incomplete says that Bedrock's text was not JSON: Input is {"raw": text}.
	Incomplete bool
}

// block completes a block of a whole or a streamed answer. extra has the members
// besides the one that names the kind. value has no white space around its parts. Half a
// surrogate pair without the other becomes U+FFFD.
func (a *Answer) block(kind string, value rawjson.Value, extra rawjson.Object) (AnswerBlock, error) {
	b := AnswerBlock{Kind: kind}
	if kind != "citationsContent" { // its parts of text are joined first
		value = rawjson.WithoutHalves(value)
	}
	var err error
	switch kind {
	case "text":
		if rawjson.Kind(value) != '"' {
			return b, errNotText
		}
		b.Text, b.Plain = value, true
	case "toolUse":
		value, err = a.toolUse(&b, value)
	case "citationsContent":
		value = b.cited(a.withTitles(value))
	case "reasoningContent":
		value = withText(value)
	case "toolResult":
		if m := rawjson.Members(value); rawjson.Absent(m.Get("content")) && len(m) > 0 {
			value = m.Set("content", rawjson.Value("[]")).Value() // a request needs it
		}
	}
	b.Plain = b.Plain && len(extra) == 0
	b.Value = rawjson.WithoutHalves(slices.Concat(rawjson.Object{{Name: b.Kind, Value: value}}, extra).Value())
	return b, err
}

// serverTool is the type of a call whose tool Bedrock runs.
const serverTool = "server_tool_use"

// toolUse restores the client's tool name and normalizes the input.
func (a *Answer) toolUse(b *AnswerBlock, value rawjson.Value) (rawjson.Value, error) {
	if rawjson.Kind(value) != '{' {
		return value, rawjson.ErrNotObject
	}
	members := rawjson.Members(value)
	call := a.toolCall(members)
	given := members.Get("input")
	call.Input, call.Incomplete = toolInput(given)
	if len(given) == 0 || &call.Input[0] != &given[0] {
		members = members.Set("input", call.Input)
	}
	if name := members.Get("name"); rawjson.Kind(name) == '"' && !rawjson.IsText(name, call.Name) {
		members = members.Set("name", rawjson.Quote(call.Name))
	}
	if call.forClient(members) {
		b.Call, b.Plain = call, true
	}
	return members.Value(), nil
}

// toolCall returns the call of a toolUse block, as far as its start shows it.
func (a *Answer) toolCall(toolUse rawjson.Object) *ToolCall {
	call := &ToolCall{ID: rawjson.WithoutHalves(rawjson.Compact(toolUse.Get("toolUseId")))}
	if name := toolUse.Get("name"); rawjson.Kind(name) == '"' {
		call.Name = rawjson.Text(name)
	}
	if given, ok := a.names.Tools[call.Name]; ok {
		call.Name = given
	}
	return call
}

// forClient reports whether the client must run the tool. Nobody can answer a call
// that has neither id nor name.
func (c *ToolCall) forClient(toolUse rawjson.Object) bool {
	return !rawjson.IsText(toolUse.Get("type"), serverTool) && (c.Name != "" || !rawjson.Absent(c.ID))
}

// toolInput normalizes the input of a tool call. Streams send it as text, and some
// models send a JSON string that contains the text. An absent input becomes an empty
// object, and text that is not JSON becomes {"raw": text}.
func toolInput(v rawjson.Value) (input rawjson.Value, incomplete bool) {
	quoted := rawjson.Value(nil)
	for range 2 {
		if rawjson.Kind(v) != '"' {
			break
		}
		quoted, v = v, rawjson.WithoutHalves(rawjson.Value(rawjson.Text(v)))
		if len(v) > 0 && rawjson.Check(v) != nil {
			return rawjson.Wrap("raw", quoted), true
		}
	}
	switch rawjson.Kind(v) {
	case 0, 'n':
		return rawjson.Value("{}"), false
	case '"':
		return rawjson.Wrap("raw", v), true
	default:
		return rawjson.Compact(v), false
	}
}

// withTitles restores the client's names of documents, which Bedrock cites as titles.
func (a *Answer) withTitles(value rawjson.Value) rawjson.Value {
	if len(a.names.Documents) == 0 {
		return value
	}
	members := rawjson.Members(value)
	var citations []rawjson.Value
	for _, v := range rawjson.Elements(members.Get("citations")) {
		citations = append(citations, a.titled(v))
	}
	if len(citations) == 0 {
		return value
	}
	return members.Set("citations", rawjson.Array(citations)).Value()
}

// titled restores the title of one citation, unless it is of a web page or a search
// result.
func (a *Answer) titled(v rawjson.Value) rawjson.Value {
	if len(a.names.Documents) == 0 {
		return v
	}
	citation := rawjson.Members(v)
	location := rawjson.Members(citation.Get("location"))
	title := citation.Get("title")
	if rawjson.Kind(title) != '"' || !rawjson.Absent(location.Get("web")) || !rawjson.Absent(location.Get("searchResultLocation")) {
		return v
	}
	if given, ok := a.names.Documents[rawjson.Text(title)]; ok {
		return citation.Set("title", rawjson.Quote(given)).Value()
	}
	return v
}

// cited reads a block with citations. Its parts of text become one, as in a stream.
// Without citations it becomes a text block.
func (b *AnswerBlock) cited(value rawjson.Value) rawjson.Value {
	members := rawjson.Members(value)
	text, ok := joinedText(members.Get("content"))
	b.Text = text
	if !ok {
		return value
	}
	if rawjson.Empty(members.Get("citations")) && rawjson.Empty(members.Set("content", nil).Set("citations", nil).Value()) {
		b.Kind, b.Plain = "text", true
		return text
	}
	if text == nil {
		return members.Set("content", nil).Value()
	}
	return members.Set("content", rawjson.Array([]rawjson.Value{rawjson.Wrap("text", text)})).Value()
}

// joinedText joins a list of {"text": …} into one JSON string, nil for an empty list.
// ok is false if the list has other parts.
func joinedText(content rawjson.Value) (text rawjson.Value, ok bool) {
	joined, parts := rawjson.Value(`"`), 0
	ok = true
	for _, part := range rawjson.Elements(content) {
		only, one := rawjson.Members(part).Only()
		if !one || only.Name != "text" || rawjson.Kind(only.Value) != '"' {
			ok = false
			continue
		}
		joined = append(joined, only.Value[1:len(only.Value)-1]...)
		parts++
	}
	if parts == 0 {
		return nil, ok
	}
	return rawjson.WithoutHalves(append(joined, '"')), ok
}

// withText adds an empty text to reasoning that has only a signature: a request must
// have one.
func withText(value rawjson.Value) rawjson.Value {
	members := rawjson.Members(value)
	reasoning := members.Get("reasoningText")
	if m := rawjson.Members(reasoning); len(m) > 0 && rawjson.Absent(m.Get("text")) {
		return members.Set("reasoningText", m.Set("text", rawjson.Value(`""`)).Value()).Value()
	}
	return value
}
