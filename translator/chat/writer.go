package chat

import "github.com/go-json-experiment/json/jsontext"

// writer builds one JSON object. Empty values are left out.
type writer struct{ buf []byte }

func newWriter(size int) *writer { return &writer{buf: append(make([]byte, 0, size), '{')} }

func (w *writer) member(name string, value []byte) {
	if len(value) == 0 {
		return
	}
	if len(w.buf) > 1 {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, `":`...)
	w.buf = append(w.buf, value...)
}

func (w *writer) end() []byte { return append(w.buf, '}') }

func (w *writer) text(name, value string) { w.member(name, quote(value)) }

// quote writes a JSON string; bytes that are no UTF-8 become U+FFFD.
func quote(s string) []byte {
	q, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		q, _ = jsontext.AppendQuote(nil, []byte(string([]rune(s))))
	}
	return q
}

// list joins values to a JSON array; none gives nil.
func list(values []jsontext.Value) []byte {
	if len(values) == 0 {
		return nil
	}
	buf := []byte{'['}
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

// textBlock is {"text": …} from a JSON string as it stands.
func textBlock(raw jsontext.Value) jsontext.Value { return object("text", raw) }

// compact removes insignificant white space, and nothing else.
func compact(v jsontext.Value) jsontext.Value {
	if len(v) == 0 {
		return v
	}
	v = v.Clone()
	_ = v.Compact(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), jsontext.PreserveRawStrings(true)) // it was valid when it was read
	return v
}
