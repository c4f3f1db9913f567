package chat

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator/rawjson"
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
	w.buf = rawjson.AppendText(w.buf, value)
}

// optional is text that is left out when empty.
func (w *writer) optional(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

func (w *writer) empty() bool { return len(w.buf) == 1 }

func (w *writer) end() []byte { return append(w.buf, '}') }

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

// lenient is for reading into Go types: of a name that comes twice, the last counts.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true))

// verbatim keeps strings as they are written, and names that come twice.
var verbatim = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.PreserveRawStrings(true))
