package converse

import (
	"bytes"
	"encoding/base64"

	"bedrock-extproc/translator/rawjson"
)

// plainBase64 checks base64 without keeping the bytes that it encodes. For a data URL
// or another variant of base64, plain is a JSON string with standard base64, and fault
// is the reason. Otherwise plain is nil.
func plainBase64(f Field) (plain rawjson.Value, fault Fault, err error) {
	text, ok := rawjson.Plain(f.Value)
	if !ok {
		text = []byte(rawjson.Text(f.Value))
	}
	if validBase64(text) {
		return nil, Fault{}, nil
	}
	fault = faultBase64Variant
	if rest, ok := bytes.CutPrefix(text, []byte("data:")); ok {
		_, data, found := bytes.Cut(rest, []byte(";base64,"))
		if !found {
			return nil, Fault{}, Refuse(f.At, faultDataURLPlain)
		}
		text, fault = data, faultDataURL
	}
	if bytes.Contains(text[:min(len(text), 64)], []byte("://")) {
		return nil, Fault{}, Refuse(f.At, faultBase64URL)
	}
	standard := standardAlphabet(text)
	if !validBase64(standard) {
		return nil, Fault{}, Refuse(f.At, faultNotBase64)
	}
	return rawjson.AppendText(nil, standard), fault, nil
}

// standardAlphabet converts any variant of base64 to the standard one.
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

// validBase64 reports whether text is standard base64. It decodes in small steps and
// keeps nothing.
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
