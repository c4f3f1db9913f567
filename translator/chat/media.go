package chat

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// formats are what the service takes, by kind of block.
var formats = map[string][]string{
	"image":    {"png", "jpeg", "gif", "webp"},
	"video":    {"mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"},
	"audio":    {"mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"},
	"document": {"pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"},
}

// aliases are other names of the same formats.
var aliases = map[string]string{
	"jpg": "jpeg", "pjpeg": "jpeg", "jfif": "jpeg", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/png": "png",
	"image/gif": "gif", "image/webp": "webp", "3gp": "three_gp", "htm": "html", "markdown": "md", "text": "txt",
	"application/pdf": "pdf", "text/csv": "csv", "text/html": "html", "text/plain": "txt", "text/markdown": "md",
	"application/msword":       "doc",
	"application/vnd.ms-excel": "xls",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       "xlsx",
}

// attachment is what is checked of an image, video, audio or document.
type attachment struct {
	Format jsontext.Value `json:"format"`
	Name   jsontext.Value `json:"name"`
	Source jsontext.Value `json:"source"`
}

func (t *translation) attachment(b block, value jsontext.Value) (attachment, error) {
	var a attachment
	if err := json.Unmarshal(value, &a, lenient); err != nil {
		return a, wrongType(b.at+"."+b.kind, "Input should be an object with format and source.")
	}
	return a, nil
}

// media mends the format's name and checks the bytes of an image, video or sound.
func (t *translation) media(b block, value jsontext.Value) ([]block, error) {
	a, err := t.attachment(b, value)
	if err != nil || !t.mends() {
		return []block{b}, err
	}
	changed := map[string]jsontext.Value{}
	if err := t.format(&b, a.Format, changed); err != nil {
		return nil, err
	}
	if err := t.source(&b, a.Source, changed); err != nil {
		return nil, err
	}
	b.raw, err = replaced(b, value, changed)
	return []block{b}, err
}

// format folds case and aliases; what is left must be one of the service's.
func (t *translation) format(b *block, v jsontext.Value, changed map[string]jsontext.Value) error {
	at := b.at + "." + b.kind + ".format"
	if kindOf(v) != '"' {
		if b.kind == "document" && absent(v) {
			return nil // the service finds out by itself
		}
		return invalid(at, "The format is missing.", "Name one of "+strings.Join(formats[b.kind], ", ")+".")
	}
	given := unquote(v)
	format := strings.ToLower(given)
	if other, ok := aliases[format]; ok {
		format = other
	}
	if !slices.Contains(formats[b.kind], format) {
		return invalid(at, fmt.Sprintf("Bedrock takes no %s of the format %q.", b.kind, given),
			"It takes "+strings.Join(formats[b.kind], ", ")+".")
	}
	if format == given {
		return nil
	}
	changed["format"] = quote(format)
	return t.repair("format_renamed", at, fmt.Sprintf("The format was sent as %q, its name at Bedrock.", format), "Name the format as Bedrock does.")
}

// source checks base64 where it stands, and takes it out of a data URL.
func (t *translation) source(b *block, v jsontext.Value, changed map[string]jsontext.Value) error {
	at := b.at + "." + b.kind + ".source"
	if absent(v) {
		return invalid(at, "The source is missing.", "Give source.bytes as base64, or source.s3Location.")
	}
	var s struct {
		Bytes jsontext.Value `json:"bytes"`
	}
	if err := json.Unmarshal(v, &s, lenient); err != nil {
		return wrongType(at, "Input should be an object.")
	}
	if s.Bytes == nil {
		return nil
	}
	if kindOf(s.Bytes) != '"' {
		return wrongType(at+".bytes", "Input should be a string with base64.")
	}
	text, how, err := plainBase64(s.Bytes)
	if err != nil {
		return invalid(at+".bytes", "The bytes cannot be used: "+err.Error()+".", "Send the bytes as base64 of the standard alphabet, without a URL.")
	}
	if how == "" {
		return nil
	}
	changed["source"] = object("bytes", quote(text))
	return t.repair("base64_rewritten", at+".bytes", "The base64 was rewritten: "+how+".", "Send base64 of the standard alphabet with padding and nothing else.")
}

// plainBase64 checks base64 without keeping what it stands for. A data URL, the
// alphabet for URLs, missing padding and white space are undone; how says which.
func plainBase64(v jsontext.Value) (text, how string, err error) {
	text = unquote(v)
	if validBase64(text) {
		return text, "", nil
	}
	if rest, ok := strings.CutPrefix(text, "data:"); ok {
		if _, data, found := strings.Cut(rest, ";base64,"); found {
			text, how = data, "it was a data URL"
		}
	}
	if strings.Contains(text, "://") {
		return "", "", fmt.Errorf("this is a URL and not base64: addresses are not fetched")
	}
	plain := strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "", " ", "", "\t", "", "=", "").Replace(text)
	plain += strings.Repeat("=", (4-len(plain)%4)%4)
	if !validBase64(plain) {
		return "", "", fmt.Errorf("this is not base64")
	}
	if how == "" && plain != text {
		how = "alphabet, padding or line breaks differed"
	}
	return plain, how, nil
}

// validBase64 decodes in small steps, so that nothing of it is kept.
func validBase64(s string) bool {
	if len(s) == 0 || len(s)%4 != 0 {
		return false
	}
	var scratch [3072]byte
	for len(s) > 0 {
		n := min(len(s), 4096)
		if strings.ContainsAny(s[:n], "\r\n") {
			return false // the decoder skips them, Bedrock does not
		}
		if _, err := base64.StdEncoding.Strict().Decode(scratch[:], []byte(s[:n])); err != nil {
			return false
		}
		if n < len(s) && s[n-1] == '=' {
			return false
		}
		s = s[n:]
	}
	return true
}

// document also gives every document a name that the service takes, and no other
// document of the request has.
func (t *translation) document(b block, value jsontext.Value) ([]block, error) {
	a, err := t.attachment(b, value)
	if err != nil || !t.mends() {
		return []block{b}, err
	}
	changed := map[string]jsontext.Value{}
	if err := t.format(&b, a.Format, changed); err != nil {
		return nil, err
	}
	if err := t.source(&b, a.Source, changed); err != nil {
		return nil, err
	}
	if err := t.documentName(b.at+".document.name", a.Name, changed); err != nil {
		return nil, err
	}
	b.raw, err = replaced(b, value, changed)
	return []block{b}, err
}

func (t *translation) documentName(at string, v jsontext.Value, changed map[string]jsontext.Value) error {
	given := ""
	if kindOf(v) == '"' {
		given = unquote(v)
	}
	name := cleanDocumentName(given)
	for n := 2; t.docs[name]; n++ {
		suffix := fmt.Sprintf(" (%d)", n)
		name = strings.TrimSpace(cleanDocumentName(given)[:min(len(cleanDocumentName(given)), 200-len(suffix))]) + suffix
	}
	t.docs[name] = true
	if name == given {
		return nil
	}
	changed["name"] = quote(name)
	return t.repair("document_renamed", at, fmt.Sprintf("The document was sent under the name %q.", name),
		"Use letters, digits, single spaces, hyphens, parentheses and brackets, at most 200, and a name once.")
}

// cleanDocumentName keeps ASCII letters and digits, single spaces and - ( ) [ ].
// The file's extension goes; "document" is what is left of nothing.
func cleanDocumentName(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 6 {
		name = name[:i]
	}
	mapped := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-()[]", r):
			return r
		default:
			return ' '
		}
	}, name)
	clean := strings.Join(strings.Fields(mapped), " ")
	if len(clean) > 200 {
		clean = strings.TrimSpace(clean[:200])
	}
	if clean == "" {
		return "document"
	}
	return clean
}

// replaced writes a block again with some members of its value changed, or left
// out where the new value is nil. Others stay as they are and where they are; new ones come last.
func replaced(b block, value jsontext.Value, changed map[string]jsontext.Value) (jsontext.Value, error) {
	if len(changed) == 0 {
		return b.raw, nil
	}
	w := newWriter(len(value) + 64)
	err := eachMember(value, func(name string, v jsontext.Value) {
		if other, ok := changed[name]; ok {
			v = other
			delete(changed, name)
		}
		w.member(escaped(name), compact(v))
	})
	for _, name := range []string{"format", "name", "source"} {
		w.member(name, changed[name])
	}
	if err != nil {
		return nil, malformed(err)
	}
	return object(b.kind, w.end()), nil
}

// escaped is a member's name without its quotes.
func escaped(name string) string {
	q := quote(name)
	return string(q[1 : len(q)-1])
}
