package rawjson

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendSeparator appends the comma that belongs before the next member or
// element. An object or array that has just been opened needs none.
func AppendSeparator(dst []byte) []byte {
	if last := dst[len(dst)-1]; last == '{' || last == '[' {
		return dst
	}
	return append(dst, ',')
}

// AppendName appends the name of an object's next member, with its comma and colon.
func AppendName(dst []byte, name string) []byte {
	return append(AppendText(AppendSeparator(dst), name), ':')
}

// AppendMember appends an object's next member. An absent value appends nothing.
func AppendMember(dst []byte, name string, v Value) []byte {
	if len(v) == 0 {
		return dst
	}
	return AppendCompact(AppendName(dst, name), v)
}

// AppendText appends a JSON string with no more escapes than it needs. Bytes that
// are not UTF-8 become U+FFFD.
func AppendText[T ~string | ~[]byte](dst []byte, text T) []byte {
	quoted, err := jsontext.AppendQuote(dst, text)
	if err != nil {
		quoted, _ = jsontext.AppendQuote(dst, strings.ToValidUTF8(string(text), "\uFFFD")) // it is valid now
	}
	return quoted
}

// AppendCompact appends a value without its insignificant white space, and
// otherwise as it is written.
func AppendCompact(dst []byte, v Value) []byte {
	for len(v) > 0 {
		n := 0
		switch v[0] {
		case ' ', '\t', '\n', '\r':
			v = v[1:]
			continue
		case '"':
			n = stringEnd(v)
		default:
			if n = bytes.IndexAny(v, "\" \t\n\r"); n < 0 {
				n = len(v)
			}
		}
		dst = append(dst, v[:n]...)
		v = v[n:]
	}
	return dst
}

// Compact returns v without its insignificant white space: v itself if it has none.
func Compact(v Value) Value {
	if !bytes.ContainsAny(v, " \t\n\r") {
		return v
	}
	return AppendCompact(make([]byte, 0, len(v)), v)
}

// Quote returns a JSON string with that text.
func Quote(text string) Value { return AppendText(nil, text) }

// Append appends an object with these members. Absent values are left out.
func (o Object) Append(dst []byte) []byte {
	dst = append(dst, '{')
	for _, m := range o {
		dst = AppendMember(dst, m.Name, m.Value)
	}
	return append(dst, '}')
}

// Value returns the object as text.
func (o Object) Value() Value { return o.Append(nil) }

// Set changes the last member of that name, or adds one. A nil value leaves the
// member out. o itself is not changed.
func (o Object) Set(name string, v Value) Object {
	changed := append(make(Object, 0, len(o)+1), o...)
	for i := len(changed) - 1; i >= 0; i-- {
		if changed[i].Name == name {
			changed[i].Value = v
			return changed
		}
	}
	return append(changed, Member{name, v})
}

// Wrap returns an object with one member.
func Wrap(name string, v Value) Value { return Object{{name, v}}.Value() }
