package chat

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// encodeReply writes the body of a whole answer.
func (c *call) encodeReply(reply []byte, facts translator.Facts) ([]byte, translator.Summary, error) {
	meta := metadata{call: c, facts: facts}
	var output, stopReason jsontext.Value
	list, err := newFields().read(reply)
	for _, m := range list {
		switch name := unquoted(m.name); name {
		case "output":
			output = m.value
		case "stopReason":
			stopReason = rawjson.Compact(m.value)
		default:
			meta.member(name, m.value)
		}
	}
	if err != nil {
		return nil, translator.Summary{}, badAnswer("Bedrock's answer is not one of Converse.", facts, err)
	}
	content, err := messageContent(output)
	if err != nil {
		return nil, translator.Summary{}, badAnswer("Bedrock's answer holds no message.", facts, err)
	}
	used, err := readUsage(meta.usage)
	if err != nil {
		return nil, translator.Summary{}, badAnswer("Bedrock's answer holds a usage that cannot be read.", facts, err)
	}
	turn, err := c.turn(content)
	if err != nil {
		return nil, translator.Summary{}, badAnswer("Bedrock's answer holds a content block that cannot be read.", facts, err)
	}
	if turn.special {
		meta.blocks = turn.blocks
	}
	w := newWriter(len(reply) + 512)
	w.text("model", c.model)
	w.member("content", turn.text())
	w.member("usage", orEmpty(used))
	w.member("metadata", meta.encode())
	w.member("tool_calls", orNull(turn.tools))
	w.member("stop_reason", orNull(stopReason))
	summary := used.summary()
	summary.StopReason, summary.Warnings = reasonText(stopReason), len(c.warnings)
	return w.end(), summary, nil
}

// messageContent finds output.message.content.
func messageContent(output jsontext.Value) ([]jsontext.Value, error) {
	var in struct {
		Message *struct {
			Content []jsontext.Value `json:"content"`
		} `json:"message"`
	}
	if rawjson.Absent(output) {
		return nil, errNotAnObject
	}
	if err := json.Unmarshal(output, &in, lenient); err != nil {
		return nil, err
	}
	if in.Message == nil || in.Message.Content == nil {
		return nil, errNotAnObject
	}
	return in.Message.Content, nil
}

// orEmpty is the usage, or an empty object where Bedrock said nothing: clients
// read members of it.
func orEmpty(u *usage) []byte {
	if u == nil {
		return []byte("{}")
	}
	return u.encode()
}

// replyTurn is an assistant's turn taken apart.
type replyTurn struct {
	texts   []byte // joined, with escapes, without quotes
	count   int    // of texts
	tools   []byte
	blocks  []jsontext.Value // as received, under the client's tool names
	special bool             // there is more than text and tool calls
}

// text is the texts as one JSON string, a line each.
func (t *replyTurn) text() []byte {
	q := append(make([]byte, 0, len(t.texts)+2), '"')
	return append(append(q, t.texts...), '"')
}

// addText joins a JSON string to the texts.
func (t *replyTurn) addText(v jsontext.Value) {
	if t.count++; t.count > 1 {
		t.texts = append(t.texts, `\n`...)
	}
	t.texts = append(t.texts, v[1:len(v)-1]...)
}

// addCited joins the text of a block with citations, which a stream shows as text,
// too. A block of another shape has none.
func (t *replyTurn) addCited(v jsontext.Value) {
	var in struct {
		Content []struct {
			Text jsontext.Value `json:"text"`
		} `json:"content"`
	}
	if json.Unmarshal(v, &in, lenient) != nil {
		return
	}
	for _, part := range in.Content {
		if rawjson.Kind(part.Text) == '"' {
			t.addText(part.Text)
		}
	}
}

func (c *call) turn(content []jsontext.Value) (*replyTurn, error) {
	t := &replyTurn{blocks: make([]jsontext.Value, 0, len(content))}
	var calls []jsontext.Value
	fields := newFields()
	for _, raw := range content {
		m, err := fields.one(raw)
		if err != nil {
			return nil, err
		}
		raw = rawjson.Compact(raw)
		switch string(m.name) {
		case `"text"`:
			if m.value.Kind() != '"' {
				return nil, errNotAnObject
			}
			t.addText(m.value)
		case `"toolUse"`:
			client, whole, err := c.toolUse(m.value)
			if err != nil {
				return nil, err
			}
			raw = whole
			switch {
			case client == nil:
				t.special = true // Bedrock runs it; the client must not
			case c.toolsWithheld:
				c.withhold()
			default:
				calls = append(calls, client)
			}
		case `"citationsContent"`:
			t.special = true
			t.addCited(m.value)
		default:
			t.special = true
		}
		t.blocks = append(t.blocks, raw)
	}
	t.tools = list(calls)
	return t, nil
}

// toolUse is a tool call for the client, nil for one that Bedrock runs itself, and
// the block under the client's name.
func (c *call) toolUse(v jsontext.Value) (client, whole jsontext.Value, err error) {
	list, err := newFields().read(v)
	if err != nil {
		return nil, nil, err
	}
	var id, name, kind, input jsontext.Value
	for _, m := range list {
		switch string(m.name) {
		case `"toolUseId"`:
			id = m.value
		case `"name"`:
			name = m.value
		case `"type"`:
			kind = m.value
		case `"input"`:
			input = rawjson.Compact(m.value)
		}
	}
	whole = object("toolUse", rawjson.Compact(v))
	if sent := rawjson.Text(orQuotes(name)); c.names.original(sent) != sent {
		name = rawjson.Quote(c.names.original(sent))
		whole = rawjson.Wrap("toolUse", rawjson.Members(v).Set("name", name).Value())
	}
	if string(kind) == `"`+serverTool+`"` {
		return nil, whole, nil
	}
	if rawjson.Absent(input) {
		input = jsontext.Value("{}")
	}
	w := newWriter(len(input) + 128)
	w.member("id", orNull(id))
	w.member("name", orNull(name))
	w.member("input", input)
	return w.end(), whole, nil
}

func orQuotes(v jsontext.Value) jsontext.Value {
	if rawjson.Kind(v) != '"' {
		return jsontext.Value(`""`)
	}
	return v
}

// badAnswer is an answer that is not one of Converse.
func badAnswer(text string, facts translator.Facts, cause error) error {
	return &translator.Error{
		Status: http.StatusBadGateway, Kind: translator.KindBadAnswer, Message: text, Facts: facts, Cause: cause,
	}
}
