package converse

import (
	"bytes"
	"encoding/base64"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// beginnings are those of the files of each kind of block that are known by them.
var beginnings = map[string][]struct{ format, first, later string }{
	"image": {
		{"png", "\x89PNG\r\n\x1a\n", ""},
		{"jpeg", "\xff\xd8\xff", ""},
		{"gif", "GIF87a", ""},
		{"gif", "GIF89a", ""},
		{"webp", "RIFF", "WEBP"}, // four bytes of length between them
	},
	"document": {{"pdf", "%PDF-", ""}},
}

// formatOfBytes is the format of an image or a document whose first bytes show it, "" for any
// other. data is base64 or a data URL, in any variant.
func formatOfBytes(kind string, data rawjson.Value) string {
	if rawjson.Kind(data) != '"' {
		return ""
	}
	text, plain := rawjson.Plain(data)
	if !plain {
		text = []byte(rawjson.Text(data))
	}
	if head, rest, found := bytes.Cut(text[:min(len(text), maxURLHead)], []byte(";base64,")); found && bytes.HasPrefix(head, []byte("data:")) {
		text = rest
	}
	encoded := standardAlphabet(text[:min(len(text), 24)])
	var head [24]byte
	n, _ := base64.StdEncoding.Decode(head[:], encoded[:min(len(encoded), 16)]) // what is broken is refused later
	for _, b := range beginnings[kind] {
		if rest, ok := strings.CutPrefix(string(head[:n]), b.first); ok && (b.later == "" || strings.HasPrefix(rest[min(len(rest), 4):], b.later)) {
			return b.format
		}
	}
	return ""
}
