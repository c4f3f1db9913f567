package answertest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// Cut makes the events that Bedrock would stream instead of a whole Converse reply.
// The pieces are random: they end inside escapes and between the halves of a
// surrogate pair. Some streams lack events that a reader can do without, repeat them,
// or have them in another order.
func (m Maker) Cut(reply []byte) []translator.Event {
	s := &cutter{Maker: m}
	members := rawjson.Members(reply)
	message := rawjson.Members(rawjson.Members(members.Get("output")).Get("message"))
	if m.IntN(4) > 0 {
		s.event("initial-response", "{}")
	}
	start := rawjson.Object{{Name: "role", Value: rawjson.Value(`"assistant"`)}}
	s.event("messageStart", string(slices.Concat(start, without(message, "role", "content")).Value()))
	for _, block := range rawjson.Elements(message.Get("content")) {
		s.block(rawjson.Members(block))
	}
	stop := rawjson.Object{
		{Name: "stopReason", Value: members.Get("stopReason")},
		{Name: "additionalModelResponseFields", Value: members.Get("additionalModelResponseFields")},
	}.Value()
	metadata := without(members, "output", "stopReason", "additionalModelResponseFields").Value()
	switch m.IntN(6) {
	case 0:
		s.event("metadata", string(metadata))
		s.event("messageStop", string(stop))
	case 1:
		s.event("messageStop", string(stop))
		s.event("messageStop", string(stop))
		s.event("metadata", string(metadata))
	default:
		s.event("messageStop", string(stop))
		s.event("metadata", string(metadata))
	}
	return s.events
}

// cutter collects the events of one stream.
type cutter struct {
	Maker
	events []translator.Event
	index  int
}

// event adds an event, sometimes with padding as Bedrock does.
func (s *cutter) event(kind, payload string) {
	if s.IntN(2) == 0 && payload != "{}" {
		payload = strings.TrimSuffix(payload, "}") + `,"p":"abcdefgh"}`
	}
	s.events = append(s.events, translator.Event{Kind: kind, Payload: []byte(payload)})
}

func (s *cutter) start(kind string, value rawjson.Value) {
	s.event("contentBlockStart", fmt.Sprintf(`{"contentBlockIndex":%d,"start":{%q:%s}}`, s.index, kind, value))
}

func (s *cutter) delta(kind string, value rawjson.Value) {
	s.event("contentBlockDelta", fmt.Sprintf(`{"contentBlockIndex":%d,"delta":{%q:%s}}`, s.index, kind, value))
}

// block cuts a block. Some blocks reuse the index of the one before, and some are
// never ended.
func (s *cutter) block(members rawjson.Object) {
	only, _ := members.Only()
	switch only.Name {
	case "text":
		s.text("text", "", only.Value)
	case "toolUse":
		s.toolUse(rawjson.Members(only.Value))
	case "citationsContent":
		s.cited(rawjson.Members(only.Value))
	case "reasoningContent":
		s.reasoning(rawjson.Members(only.Value))
	case "toolResult":
		result := rawjson.Members(only.Value)
		s.start("toolResult", without(result, "content").Value())
		for _, part := range rawjson.Elements(result.Get("content")) {
			s.delta("toolResult", rawjson.Array([]rawjson.Value{part}))
		}
	default:
		s.other(only)
	}
	switch s.IntN(6) {
	case 0:
		s.index++
	case 1:
		s.event("contentBlockStop", fmt.Sprintf(`{"contentBlockIndex":%d}`, s.index))
	default:
		s.event("contentBlockStop", fmt.Sprintf(`{"contentBlockIndex":%d}`, s.index))
		s.index++
	}
}

// text sends a JSON string in pieces. Each is the member of an object, unless member
// is "".
func (s *cutter) text(kind, member string, v rawjson.Value) {
	for _, piece := range s.cutText(v) {
		if member != "" {
			piece = rawjson.Wrap(member, piece)
		}
		s.delta(kind, piece)
	}
}

func (s *cutter) toolUse(members rawjson.Object) {
	s.start("toolUse", without(members, "input").Value())
	input := members.Get("input")
	text := rawjson.Quote(string(rawjson.Compact(input)))
	if rawjson.Kind(input) == '"' && s.IntN(2) == 0 {
		text = input
	}
	if string(input) == "{}" && s.IntN(2) == 0 {
		return
	}
	for _, piece := range s.cutText(text) {
		s.delta("toolUse", rawjson.Wrap("input", piece))
	}
}

func (s *cutter) cited(members rawjson.Object) {
	for i, part := range rawjson.Elements(members.Get("content")) {
		s.text("text", "", rawjson.Members(part).Get("text"))
		if i == 0 {
			s.citations(members.Get("citations"))
		}
	}
	if rawjson.Empty(members.Get("content")) {
		s.citations(members.Get("citations"))
	}
}

func (s *cutter) citations(list rawjson.Value) {
	for _, citation := range rawjson.Elements(list) {
		s.delta("citation", citation)
	}
}

func (s *cutter) reasoning(members rawjson.Object) {
	for _, m := range members {
		switch m.Name {
		case "reasoningText":
			text := rawjson.Members(m.Value)
			if v := text.Get("text"); v != nil {
				s.text("reasoningContent", "text", v)
			}
			if v := text.Get("signature"); v != nil {
				s.text("reasoningContent", "signature", v)
			}
		case "redactedContent":
			s.base64("reasoningContent", func(v rawjson.Value) rawjson.Value { return rawjson.Wrap(m.Name, v) }, m.Value)
		default:
			s.text("reasoningContent", m.Name, m.Value)
		}
	}
}

// base64 sends bytes in pieces, each with its own padding.
func (s *cutter) base64(kind string, wrap func(rawjson.Value) rawjson.Value, v rawjson.Value) {
	data, _ := base64.StdEncoding.DecodeString(rawjson.Text(v))
	for first := true; first || len(data) > 0; first = false {
		n := min(len(data), 1+s.IntN(8))
		s.delta(kind, wrap(rawjson.Quote(base64.StdEncoding.EncodeToString(data[:n]))))
		data = data[n:]
	}
}

// other sends a block of another kind: some members first, then pieces of the rest.
func (s *cutter) other(block rawjson.Member) {
	members := rawjson.Members(block.Value)
	source := members.Get("source")
	if source != nil {
		s.start(block.Name, without(members, "source").Value())
		s.base64(block.Name, func(v rawjson.Value) rawjson.Value {
			return rawjson.Wrap("source", rawjson.Wrap("bytes", v))
		}, rawjson.Members(source).Get("bytes"))
		return
	}
	s.start(block.Name, members[:1].Value())
	for _, m := range members[1:] {
		switch {
		case rawjson.Kind(m.Value) == '"':
			s.text(block.Name, m.Name, m.Value)
		case rawjson.Empty(m.Value):
			s.delta(block.Name, rawjson.Object{m}.Value())
		default:
			for _, element := range rawjson.Elements(m.Value) {
				s.delta(block.Name, rawjson.Wrap(m.Name, rawjson.Array([]rawjson.Value{element})))
			}
		}
	}
}

// cutText cuts a JSON string into others, also between the halves of a surrogate pair.
func (m Maker) cutText(text rawjson.Value) []rawjson.Value {
	units := codeUnits(text)
	var all []rawjson.Value
	for first := true; first || len(units) > 0; first = false {
		n := min(len(units), m.IntN(7))
		all, units = append(all, quoteUnits(units[:n])), units[n:]
	}
	return all
}

// codeUnits are the UTF-16 code units of a JSON string, with halves of surrogate pairs.
func codeUnits(text rawjson.Value) []uint16 {
	var units []uint16
	for rest := string(text[1 : len(text)-1]); rest != ""; {
		switch {
		case strings.HasPrefix(rest, `\u`):
			n, _ := strconv.ParseUint(rest[2:6], 16, 16)
			units, rest = append(units, uint16(n)), rest[6:]
		case rest[0] == '\\':
			units, rest = append(units, uint16(rawjson.Text(rawjson.Value(`"` + rest[:2] + `"`))[0])), rest[2:]
		default:
			r, size := utf8.DecodeRuneInString(rest)
			units, rest = utf16.AppendRune(units, r), rest[size:]
		}
	}
	return units
}

// quoteUnits writes half a pair as an escape.
func quoteUnits(units []uint16) rawjson.Value {
	quoted := rawjson.Value(`"`)
	for i := 0; i < len(units); i++ {
		r := rune(units[i])
		if i+1 < len(units) {
			if pair := utf16.DecodeRune(r, rune(units[i+1])); pair != utf8.RuneError {
				r = pair
				i++
			}
		}
		if utf16.IsSurrogate(r) {
			quoted = fmt.Appendf(quoted, `\u%04x`, r)
			continue
		}
		text := rawjson.Quote(string(r))
		quoted = append(quoted, text[1:len(text)-1]...)
	}
	return append(quoted, '"')
}

// without returns members without the named ones.
func without(members rawjson.Object, names ...string) rawjson.Object {
	return slices.DeleteFunc(slices.Clone(members), func(m rawjson.Member) bool { return slices.Contains(names, m.Name) })
}
