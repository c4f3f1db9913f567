package chat

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// writer builds one JSON object. Empty values are left out.
type writer struct{ buf []byte }

func newWriter(size int) *writer { return &writer{buf: append(make([]byte, 0, size), '{')} }

func (w *writer) member(name string, value []byte) {
	if len(value) == 0 {
		return
	}
	w.name(name)
	w.buf = append(w.buf, value...)
}

// name starts a member whose value the caller appends.
func (w *writer) name(name string) {
	if len(w.buf) > 1 {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, `":`...)
}

func (w *writer) text(name, value string) {
	w.name(name)
	w.buf = appendQuote(w.buf, value)
}

// optional is text that is left out when empty.
func (w *writer) optional(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

func (w *writer) empty() bool { return len(w.buf) == 1 }

func (w *writer) end() []byte { return append(w.buf, '}') }

// appendQuote writes a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendQuote(dst []byte, s string) []byte {
	quoted, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		quoted, _ = jsontext.AppendQuote(dst, strings.ToValidUTF8(s, "\uFFFD")) // it is valid now
	}
	return quoted
}

func quote(s string) jsontext.Value { return appendQuote(nil, s) }

// list joins values to a JSON array; none gives nil.
func list(values []jsontext.Value) []byte {
	if len(values) == 0 {
		return nil
	}
	size := len(values) + 2
	for _, v := range values {
		size += len(v)
	}
	buf := append(make([]byte, 0, size), '[')
	for i, v := range values {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, v...)
	}
	return append(buf, ']')
}

// object writes an object with one member.
func object(name string, value []byte) jsontext.Value {
	w := newWriter(len(name) + len(value) + 5)
	w.member(name, value)
	return w.end()
}

// compact removes insignificant white space and nothing else: names, numbers and
// escapes stay as they were written.
func compact(v jsontext.Value) jsontext.Value {
	if !bytes.ContainsAny(v, " \t\r\n") {
		return v
	}
	c := v.Clone()
	if err := c.Compact(verbatim); err != nil {
		return v
	}
	return c
}

// lenient is for reading into Go types: of a name that comes twice, the last counts.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true))

// verbatim keeps strings as they are written, and names that come twice.
var verbatim = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.PreserveRawStrings(true))

// kindOf is v's kind, 0 when it is absent.
func kindOf(v jsontext.Value) jsontext.Kind {
	if len(v) == 0 {
		return 0
	}
	return v.Kind()
}

// absent says that v is missing or null.
func absent(v jsontext.Value) bool { k := kindOf(v); return k == 0 || k == 'n' }

func unquote(v jsontext.Value) string {
	text, _ := jsontext.AppendUnquote(nil, v) // what cannot be read becomes U+FFFD
	return string(text)
}
