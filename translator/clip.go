package translator

import (
	"strings"
	"unicode/utf8"
)

// Clip makes a text from outside fit for a message, a header or a record: at most limit
// characters, with "…" at the end of a text that was longer than limit bytes, and with
// U+FFFD for bytes that are not UTF-8. limit is at least 3.
func Clip(text string, limit int) string {
	if len(text) <= limit {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	limit -= len("…")
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit-- // into the character that does not fit
	}
	return strings.ToValidUTF8(text[:limit], "\uFFFD") + "…"
}
