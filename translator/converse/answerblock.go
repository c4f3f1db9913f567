package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// An AnswerBlock is one content block of an answer, complete.
type AnswerBlock struct {
	// Kind is the block's member, such as "text" or "toolUse".
	Kind string
	// Value is the block as it belongs into a later request, with the client's name
	// of a tool.
	Value rawjson.Value
	// Text is what the block adds to the text of the answer, as a JSON string; nil
	// for nothing.
	Text rawjson.Value
	// Call is a call of one of the client's tools, nil for every other block: a call
	// whose tool Bedrock runs is not the client's to answer.
	Call *ToolCall
	// Plain says that Text or Call is all there is to the block.
	Plain bool
}

// A ToolCall is a call of one of the client's tools.
type ToolCall struct {
	// ID is a JSON string, as Bedrock wrote it.
	ID rawjson.Value
	// Name is the client's.
	Name string
	// Input is any JSON, usually an object. Of a stream it is there with StepBlock.
	Input rawjson.Value
	// Incomplete says that Bedrock's text was not JSON: Input is {"raw": text}.
	Incomplete bool
}

// block completes a block of either kind of answer. extra are members beside the one
// that names the kind. value has no white space around its parts. Half a surrogate pair
// that still lacks the other becomes U+FFFD.
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

// toolUse restores the client's name and gives the input its one form.
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

// toolCall is the call of a toolUse block as far as its start tells.
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

// forClient reports whether the client is to run the tool: nobody can answer a call
// that has neither id nor name.
func (c *ToolCall) forClient(toolUse rawjson.Object) bool {
	return !rawjson.IsText(toolUse.Get("type"), serverTool) && (c.Name != "" || !rawjson.Absent(c.ID))
}

// toolInput gives the input of a tool call its one form. Streams send its text, and
// some models send a JSON string with that text. Nothing at all is an empty object,
// and what is not JSON is {"raw": text}.
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
	}
	return rawjson.Compact(v), false
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

// cited reads a block with citations. Its parts of text become one, as a stream
// sends them, and without citations it is a block of text.
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

// joinedText is the text of a list of {"text": …} as one JSON string, nil for an
// empty list. ok is false when there are parts of another kind.
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

// withText adds an empty text to reasoning that is only signed: a request needs one.
func withText(value rawjson.Value) rawjson.Value {
	members := rawjson.Members(value)
	reasoning := members.Get("reasoningText")
	if m := rawjson.Members(reasoning); len(m) > 0 && rawjson.Absent(m.Get("text")) {
		return members.Set("reasoningText", m.Set("text", rawjson.Value(`""`)).Value()).Value()
	}
	return value
}
