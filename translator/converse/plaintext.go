package converse

import (
	"unicode/utf8"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// plainText reads the event that makes up nearly all of most streams, a piece of text
// without escapes for an open block, as Bedrock writes it:
//
//	{"contentBlockIndex":0,"delta":{"text":" word"},"p":"abcd"}
//
// It reports false, and does nothing, for any other payload. It is a shortcut: Read
// does the same for these payloads, at three times the cost (BenchmarkTextDelta).
func (a *Answer) plainText(payload []byte) bool {
	index, text, ok := cutPlainText(payload)
	if !ok {
		return false
	}
	b := a.open[index]
	if b == nil || b.kind != "text" || len(b.half) > 0 || b.held+len(text) > maxBlock || a.held+len(text) > translator.MaxAnswer {
		return false
	}
	b.held, a.held = b.held+len(text), a.held+len(text)
	b.text = append(b.text, text[1:len(text)-1]...)
	b.some = true
	a.steps = append(a.steps, Step{Kind: StepText, Index: b.position, Value: text})
	return true
}

// cutPlainText returns the index and the text, a JSON string.
func cutPlainText(payload []byte) (index int, text rawjson.Value, ok bool) {
	const before, between, padding = `{"contentBlockIndex":`, `,"delta":{"text":`, `,"p":`
	if len(payload) < len(before) || string(payload[:len(before)]) != before {
		return 0, nil, false
	}
	rest := payload[len(before):]
	digits := 0
	for digits < min(len(rest), 4) && rest[digits] >= '0' && rest[digits] <= '9' {
		index = 10*index + int(rest[digits]-'0')
		digits++
	}
	if digits == 0 || digits > 1 && rest[0] == '0' {
		return 0, nil, false
	}
	rest = rest[digits:]
	if len(rest) < len(between) || string(rest[:len(between)]) != between {
		return 0, nil, false
	}
	if text, rest, ok = cutPlainString(rest[len(between):]); !ok || len(rest) == 0 || rest[0] != '}' {
		return 0, nil, false
	}
	if rest = rest[1:]; len(rest) > len(padding) && string(rest[:len(padding)]) == padding {
		if _, rest, ok = cutPlainString(rest[len(padding):]); !ok {
			return 0, nil, false
		}
	}
	return index, text, string(rest) == "}"
}

// cutPlainString cuts off a JSON string in UTF-8 without escapes.
func cutPlainString(v []byte) (text rawjson.Value, rest []byte, ok bool) {
	if len(v) == 0 || v[0] != '"' {
		return nil, nil, false
	}
	bits := byte(0) // of all characters
	for i := 1; i < len(v); i++ {
		c := v[i]
		bits |= c
		switch {
		case c == '"':
			return rawjson.Value(v[: i+1 : i+1]), v[i+1:], bits < utf8.RuneSelf || utf8.Valid(v[:i])
		case c < ' ' || c == '\\':
			return nil, nil, false
		}
	}
	return nil, nil, false
}
