package converse

import (
	"bytes"
	"encoding/base64"

	"bedrock-extproc/translator/rawjson"
)

// plainBase64 checks base64 without keeping what it stands for. A data URL, the
// alphabet for URLs, missing padding and white space are undone: then mended is the
// plain text, as a JSON string, and how says what was undone. Otherwise mended is
// nil, and the client's own text stays.
func plainBase64(f Field) (mended rawjson.Value, how string, err error) {
	text, ok := rawjson.Plain(f.Value)
	if !ok {
		text = []byte(rawjson.Text(f.Value))
	}
	if validBase64(text) {
		return nil, "", nil
	}
	how = "its alphabet, padding or line breaks differ"
	if rest, ok := bytes.CutPrefix(text, []byte("data:")); ok {
		_, data, found := bytes.Cut(rest, []byte(";base64,"))
		if !found {
			return nil, "", notBase64(f.At, "This is a data URL without base64.")
		}
		text, how = data, "it is a data URL"
	}
	if bytes.Contains(text[:min(len(text), 64)], []byte("://")) {
		return nil, "", notBase64(f.At, "This is an address and not base64. Addresses are not fetched.")
	}
	plain := standardAlphabet(text)
	if !validBase64(plain) {
		return nil, "", notBase64(f.At, "This is not base64.")
	}
	return rawjson.AppendText(nil, plain), how, nil
}

func notBase64(at, message string) error {
	return Invalid(at, message, "Send the bytes as base64 of the standard alphabet.")
}

// standardAlphabet undoes what differs between the kinds of base64.
func standardAlphabet(text []byte) []byte {
	plain := make([]byte, 0, len(text)+3)
	for _, c := range text {
		switch c {
		case '-':
			c = '+'
		case '_':
			c = '/'
		case ' ', '\t', '\r', '\n', '=':
			continue
		}
		plain = append(plain, c)
	}
	for len(plain)%4 != 0 {
		plain = append(plain, '=')
	}
	return plain
}

// validBase64 decodes in small steps, so that nothing of it is kept.
func validBase64(text []byte) bool {
	if len(text) == 0 || len(text)%4 != 0 || bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		return false // the decoder skips line breaks, and Bedrock might not
	}
	var scratch [3072]byte
	for len(text) > 0 {
		step := text[:min(len(text), 4096)]
		if _, err := base64.StdEncoding.Decode(scratch[:], step); err != nil {
			return false
		}
		text = text[len(step):]
		if len(text) > 0 && step[len(step)-1] == '=' {
			return false
		}
	}
	return true
}
