package rawjson

import (
	"bytes"
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotObject is the error of a text that should be an object.
var ErrNotObject = errors.New("not a JSON object")

// A Reader lists the members of one object after another without allocating. Its zero
// value is ready to use, by one goroutine at a time. A list is valid until the next
// call; its values are parts of the text that was read.
type Reader struct {
	dec  *jsontext.Decoder
	buf  bytes.Buffer
	list Object
	// names are short names read before, by a hash: the objects of a stream repeat the
	// same few names, and each would be a new string.
	names [16]string
}

// Read lists the members of the object v, which may be any text: it returns an error
// unless v is one JSON object.
func (r *Reader) Read(v Value) (Object, error) {
	if r.dec == nil {
		r.dec = jsontext.NewDecoder(&r.buf, asWritten)
	}
	r.buf = *bytes.NewBuffer(v)
	r.dec.Reset(&r.buf, asWritten)
	if r.dec.PeekKind() != '{' {
		return nil, ErrNotObject
	}
	if _, err := r.dec.ReadValue(); err != nil {
		return nil, syntaxError(err)
	}
	if end := skipSpace(v, int(r.dec.InputOffset())); end < len(v) {
		return nil, &SyntaxError{"there is more after the value", int64(end)}
	}
	return r.Part(v), nil
}

// Part lists the members of an object that is part of a text which was read before.
// For any other value the list is empty.
func (r *Reader) Part(v Value) Object {
	r.list = r.list[:0]
	if Kind(v) == '{' {
		each(v, func(name, value Value) bool {
			r.list = append(r.list, Member{r.name(name), value})
			return true
		})
	}
	return r.list
}

// name is the text of a quoted name, without a new string if it was read before.
func (r *Reader) name(quoted Value) string {
	const most = 40
	text, ok := Plain(quoted)
	if !ok || len(text) == 0 || len(text) > most {
		return Text(quoted)
	}
	slot := &r.names[(len(text)*7+int(text[0])*3+int(text[len(text)-1]))%len(r.names)]
	if *slot != string(text) {
		*slot = string(text)
	}
	return *slot
}
