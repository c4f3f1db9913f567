// Package sse frames server-sent events, append-style, as the WHATWG HTML
// standard describes them. It is the last step of a streamed answer.
package sse

// KeepAlive is a comment: clients ignore it, and proxies on the way see traffic.
const KeepAlive = ": keep-alive\n\n"

// AppendData appends one event whose data is JSON without line breaks: no event name
// and no id.
func AppendData(dst, json []byte) []byte {
	dst = append(dst, "data: "...)
	dst = AppendJSON(dst, json)
	return append(dst, "\n\n"...)
}

// AppendEvent is AppendData for an event with a name.
func AppendEvent(dst []byte, name string, json []byte) []byte {
	dst = append(append(append(dst, "event: "...), name...), '\n')
	return AppendData(dst, json)
}

// AppendJSON appends JSON, or a part of it that ends with a whole character, to a line
// of data. It escapes U+0085, U+2028 and U+2029: the standard does not end a line
// there, but Python's str.splitlines does, and with it many clients. JSON itself
// escapes every other character at which they cut.
func AppendJSON(dst, json []byte) []byte {
	copied := 0
	for i, c := range json {
		if c != 0xC2 && c != 0xE2 {
			continue
		}
		if escape, length := lineEnd(json[i:]); length > 0 {
			dst = append(append(dst, json[copied:i]...), escape...)
			copied = i + length
		}
	}
	return append(dst, json[copied:]...)
}

// lineEnd is the escape of a character with which text starts, and its length; 0 for
// all characters that do not end a line.
func lineEnd(text []byte) (escape string, length int) {
	for _, end := range []struct{ char, escape string }{{"\u0085", `\u0085`}, {"\u2028", `\u2028`}, {"\u2029", `\u2029`}} {
		if len(text) >= len(end.char) && string(text[:len(end.char)]) == end.char {
			return end.escape, len(end.char)
		}
	}
	return "", 0
}
