package rawjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Value is JSON text: one value, with optional white space around it. nil is an
// absent value.
type Value = jsontext.Value

// asWritten keeps strings as they are written, and repeated names. Check tests the
// UTF-8; half a surrogate pair in an escape is legal JSON.
var asWritten = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.PreserveRawStrings(true))

// A SyntaxError says why a text is not JSON, and where.
type SyntaxError struct {
	Reason string
	Offset int64 // in bytes
}

// Error has the reason and the offset, and nothing of the text.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

// Check returns a *SyntaxError if text is not one JSON value in UTF-8. For any other
// text, the results of the other functions are unspecified.
func Check(text []byte) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(text), asWritten)
	if err := dec.SkipValue(); err != nil {
		return syntaxError(err)
	}
	if end := skipSpace(text, int(dec.InputOffset())); end < len(text) {
		return &SyntaxError{"there is more after the value", int64(end)}
	}
	if !utf8.Valid(text) {
		return &SyntaxError{"a byte is not UTF-8", invalidByte(text)}
	}
	return nil
}

func syntaxError(err error) *SyntaxError {
	e, ok := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case !ok:
		return &SyntaxError{"there is no value", 0}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &SyntaxError{"it ends too early", e.ByteOffset}
	default:
		return &SyntaxError{e.Err.Error(), e.ByteOffset}
	}
}

func invalidByte(text []byte) int64 {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return int64(i)
		}
		i += size
	}
	return int64(len(text))
}

// ValidUTF8 is v with U+FFFD in place of bytes that are not UTF-8: v itself where there
// are none.
func ValidUTF8(v Value) Value {
	if utf8.Valid(v) {
		return v
	}
	return bytes.ToValidUTF8(v, []byte("\uFFFD"))
}

// A Member is one member of an object.
type Member struct {
	Name  string
	Value Value
}

// An Object lists members in the order of the text.
type Object []Member

// Members lists the members of the object v. Their values are parts of v.
func Members(v Value) Object {
	if Kind(v) != '{' {
		return nil
	}
	all := make(Object, 0, 4)
	each(v, func(name, value Value) bool {
		all = append(all, Member{Text(name), value})
		return true
	})
	return all
}

// Elements ranges over the positions and the elements of the array v. The elements
// are parts of v.
func Elements(v Value) iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if Kind(v) != '[' {
			return
		}
		i := 0
		each(v, func(_, value Value) bool {
			i++
			return yield(i-1, value)
		})
	}
}

// Empty reports whether an object or an array has nothing in it.
func Empty(v Value) bool {
	empty := true
	each(v, func(_, _ Value) bool { empty = false; return false })
	return empty
}

// Get returns the value of the last member of that name, nil when there is none.
func (o Object) Get(name string) Value {
	for _, m := range slices.Backward(o) {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// Only returns the one member that is not null. ok is false when there is none
// or more than one.
func (o Object) Only() (m Member, ok bool) {
	for i := range o {
		switch {
		case Absent(o[i].Value):
		case ok:
			return Member{}, false
		default:
			m, ok = o[i], true
		}
	}
	return m, ok
}

// Kind is that of jsontext: '"' string, '0' number, '{', '[', 't', 'f', 'n' null,
// and 0 for an absent value.
func Kind(v Value) jsontext.Kind {
	if len(v) == 0 {
		return 0
	}
	return v.Kind()
}

// Absent reports whether v is missing or null.
func Absent(v Value) bool { k := Kind(v); return k == 0 || k == 'n' }

// Text is the text of a JSON string. Half a surrogate pair becomes U+FFFD.
func Text(v Value) string {
	if text, ok := Plain(v); ok {
		return string(text)
	}
	text, _ := jsontext.AppendUnquote(nil, v)
	return string(text)
}

// IsText reports whether v is a JSON string with that text.
func IsText(v Value, text string) bool {
	if Kind(v) != '"' {
		return false
	}
	if plain, ok := Plain(v); ok {
		return string(plain) == text
	}
	return Text(v) == text
}

// Plain is the text of a JSON string without escapes, as part of v. ok is false
// when there are escapes.
func Plain(v Value) (text []byte, ok bool) {
	if len(v) < 2 {
		return nil, false
	}
	text = v[1 : len(v)-1]
	return text, bytes.IndexByte(text, '\\') < 0
}

// Blank reports whether a JSON string holds nothing but white space.
func Blank(v Value) bool {
	if len(v) > 2 && v[1] > ' ' && v[1] < utf8.RuneSelf && v[1] != '\\' {
		return false
	}
	return strings.IndexFunc(Text(v), func(r rune) bool { return !unicode.IsSpace(r) }) < 0
}
