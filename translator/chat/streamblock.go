package chat

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator/rawjson"
	"bedrock-extproc/translator/sse"
)

// openBlock is a content block whose pieces are still coming.
type openBlock struct {
	index int
	// kind is the Converse key, once it is known.
	kind string
	// id and name are a tool call's; id is JSON.
	id   jsontext.Value
	name string
	// text is the text, or a tool call's input, or the reasoning, joined with its
	// escapes.
	text []byte
	// reasoned says that reasoning text or its signature has come.
	reasoned  bool
	signature pieces
	// citations belong to the text.
	citations []jsontext.Value
	// value is what has come of any other kind.
	value pieces
}

// start begins a tool call or a block of another kind than text.
func (s *stream) start(dst []byte, b *openBlock, piece member) ([]byte, error) {
	b.kind = unquoted(piece.name)
	if b.kind != "toolUse" {
		b.value.add(piece.value)
		return dst, nil
	}
	list, err := s.fields.read(piece.value)
	if err != nil {
		return dst, err
	}
	server := false
	for _, m := range list {
		switch string(m.name) {
		case `"toolUseId"`:
			b.id = m.value.Clone()
		case `"name"`:
			b.name = s.call.names.original(rawjson.Text(m.value))
		case `"type"`:
			server = string(m.value) == `"server_tool_use"`
		}
	}
	b.value.add(piece.value)
	if server {
		b.kind = serverTool
	}
	if server || s.call.toolsWithheld {
		return dst, nil
	}
	w := event("tool_use_start")
	w.member("id", orNull(b.id))
	w.text("name", b.name)
	w.member("index", strconv.AppendInt(nil, int64(b.index), 10))
	return sse.AppendData(dst, w.end()), nil
}

// serverTool marks a tool call that Bedrock runs itself: clients must not.
const serverTool = "server_tool_use"

// delta adds a piece to a block.
func (s *stream) delta(dst []byte, b *openBlock, piece member) ([]byte, error) {
	switch string(piece.name) {
	case `"text"`:
		return s.textDelta(dst, b, piece.value), nil
	case `"toolUse"`:
		return s.toolDelta(dst, b, piece.value)
	case `"reasoningContent"`:
		return s.reasoningDelta(dst, b, piece.value)
	case `"citation"`:
		s.special = true
		b.citations = append(b.citations, rawjson.Compact(piece.value).Clone())
	case `"toolResult"`:
		b.kind = "toolResult"
		b.value.add(object("content", piece.value))
	default:
		b.kind = unquoted(piece.name)
		b.value.add(piece.value)
	}
	return dst, nil
}

// textDelta copies the JSON string as it came, escapes and all.
func (s *stream) textDelta(dst []byte, b *openBlock, text jsontext.Value) []byte {
	if text.Kind() != '"' {
		return dst
	}
	if b.kind == "" {
		b.kind = "text"
	}
	b.text = append(b.text, text[1:len(text)-1]...)
	dst = append(dst, `data: {"type":"content_delta","delta":`...)
	dst = append(dst, text...)
	return appendIndex(dst, b.index)
}

// appendIndex ends an event with the index of its block.
func appendIndex(dst []byte, index int) []byte {
	dst = append(dst, `,"index":`...)
	dst = strconv.AppendInt(dst, int64(index), 10)
	return append(dst, "}\n\n"...)
}

func (s *stream) toolDelta(dst []byte, b *openBlock, value jsontext.Value) ([]byte, error) {
	piece, err := s.fields.one(value)
	if err != nil || string(piece.name) != `"input"` || piece.value.Kind() != '"' {
		return dst, err
	}
	b.text = append(b.text, piece.value[1:len(piece.value)-1]...)
	if len(piece.value) == 2 || !s.call.toolUseDeltas || s.call.toolsWithheld || b.kind != "toolUse" {
		return dst, nil
	}
	dst = append(dst, `data: {"type":"tool_use_delta","id":`...)
	dst = append(dst, orNull(b.id)...)
	dst = append(dst, `,"delta":`...)
	dst = append(dst, piece.value...)
	return appendIndex(dst, b.index), nil
}

// reasoningDelta passes text, signature and redacted content on as they come.
func (s *stream) reasoningDelta(dst []byte, b *openBlock, value jsontext.Value) ([]byte, error) {
	b.kind, s.special = "reasoningContent", true
	piece, err := s.fields.one(value)
	if err != nil || piece.name == nil {
		return dst, err
	}
	name := unquoted(piece.name)
	client := map[string]string{"text": "delta", "signature": "signature", "redactedContent": "redacted_content"}[name]
	if client == "" {
		client = name
	}
	switch {
	case name == "text" && piece.value.Kind() == '"':
		b.reasoned = true
		b.text = append(b.text, piece.value[1:len(piece.value)-1]...)
	case name == "signature":
		b.reasoned = true
		b.signature.add(piece.value)
	default:
		b.value.add(object(name, piece.value))
	}
	w := event("reasoning_delta")
	w.member(client, rawjson.Compact(piece.value))
	w.member("index", strconv.AppendInt(nil, int64(b.index), 10))
	return sse.AppendData(dst, w.end()), nil
}

// stop ends a block: a tool call becomes complete, and a block that the client
// has not seen yet is sent.
func (s *stream) stop(dst []byte, b *openBlock) []byte {
	delete(s.open, b.index)
	switch b.kind {
	case "":
		return dst // a block without content
	case "toolUse":
		return s.toolComplete(dst, b)
	case "text":
		s.done[b.index] = b.textBlock()
		if len(b.citations) == 0 {
			return dst
		}
	case "reasoningContent":
		s.done[b.index] = object(b.kind, b.reasoning())
		return dst
	case serverTool:
		s.special = true
		s.done[b.index] = object("toolUse", merge(b.value.join(), object("input", b.input())))
	default:
		s.special = true
		s.done[b.index] = object(b.kind, b.value.join())
	}
	w := event("content_block")
	w.member("index", strconv.AppendInt(nil, int64(b.index), 10))
	w.member("block", s.done[b.index])
	return sse.AppendData(dst, w.end())
}

// reasoning is what a reasoning block holds.
func (b *openBlock) reasoning() jsontext.Value {
	if !b.reasoned {
		return b.value.join()
	}
	w := newWriter(len(b.text) + 512)
	w.member("text", b.quoted())
	w.member("signature", b.signature.join())
	return merge(object("reasoningText", w.end()), b.value.join())
}

// textBlock is a text, with its citations if there are any.
func (b *openBlock) textBlock() jsontext.Value {
	text := object("text", b.quoted())
	if len(b.citations) == 0 {
		return text
	}
	w := newWriter(len(text) + 256)
	w.member("content", list([]jsontext.Value{text}))
	w.member("citations", list(b.citations))
	return object("citationsContent", w.end())
}

// quoted is the joined text as a JSON string.
func (b *openBlock) quoted() jsontext.Value {
	q := append(make(jsontext.Value, 0, len(b.text)+2), '"')
	return append(append(q, b.text...), '"')
}

// input is a tool call's whole input: what came, if it is JSON, or nothing at all
// as an empty object, or its text as {"raw": …}.
func (b *openBlock) input() jsontext.Value {
	input := jsontext.Value(rawjson.Text(b.quoted()))
	switch {
	case len(input) == 0:
		return jsontext.Value("{}")
	case input.IsValid(verbatim):
		return rawjson.Compact(input)
	default:
		return object("raw", b.quoted())
	}
}

func (s *stream) toolComplete(dst []byte, b *openBlock) []byte {
	input := b.input()
	incomplete := len(b.text) > 0 && string(input) == string(object("raw", b.quoted()))
	s.done[b.index] = toolUseBlock(b, input)
	if s.call.toolsWithheld {
		s.call.withhold()
		return dst
	}
	w := event("tool_use_complete")
	w.member("id", orNull(b.id))
	w.text("name", b.name)
	w.member("input", input)
	if incomplete {
		w.member("incomplete", []byte("true"))
	}
	w.member("index", strconv.AppendInt(nil, int64(b.index), 10))
	return sse.AppendData(dst, w.end())
}

// toolUseBlock is a tool call to be sent back, under the client's name.
func toolUseBlock(b *openBlock, input jsontext.Value) jsontext.Value {
	w := newWriter(len(input) + 128)
	w.member("toolUseId", orNull(b.id))
	w.text("name", b.name)
	w.member("input", input)
	return object("toolUse", w.end())
}
