package rawjson

import "strconv"

// A Writer builds one object. Its names must not need escapes; for names from
// outside, use Object.
type Writer struct{ buf []byte }

// NewWriter returns a Writer with room for about size bytes.
func NewWriter(size int) *Writer { return &Writer{buf: append(make([]byte, 0, size), '{')} }

// Member adds a member. The value is copied as it is; an empty one adds nothing.
func (w *Writer) Member(name string, value []byte) {
	if len(value) > 0 {
		w.name(name)
		w.buf = append(w.buf, value...)
	}
}

// Text adds a member with a text.
func (w *Writer) Text(name, text string) {
	w.name(name)
	w.buf = AppendText(w.buf, text)
}

// Optional is Text, but adds nothing for "".
func (w *Writer) Optional(name, text string) {
	if text != "" {
		w.Text(name, text)
	}
}

// Int adds a member with a number.
func (w *Writer) Int(name string, n int) {
	w.name(name)
	w.buf = strconv.AppendInt(w.buf, int64(n), 10)
}

// Bool adds a member with true or false.
func (w *Writer) Bool(name string, b bool) {
	w.name(name)
	w.buf = strconv.AppendBool(w.buf, b)
}

// Begin starts a member whose value is an object ('{') or an array ('['). End it with Close.
func (w *Writer) Begin(name string, bracket byte) {
	w.name(name)
	w.buf = append(w.buf, bracket)
}

// Element starts an object in the array that Begin has started. End it with Close.
func (w *Writer) Element() { w.buf = append(AppendSeparator(w.buf), '{') }

// Close writes the closing bracket of the innermost object ('}') or array (']').
func (w *Writer) Close(bracket byte) { w.buf = append(w.buf, bracket) }

func (w *Writer) name(name string) {
	w.buf = AppendSeparator(w.buf)
	w.buf = append(w.buf, '"')
	w.buf = append(w.buf, name...)
	w.buf = append(w.buf, `":`...)
}

// Empty reports whether nothing was added.
func (w *Writer) Empty() bool { return len(w.buf) == 1 }

// End returns the object. The Writer must not be used afterwards.
func (w *Writer) End() Value { return append(w.buf, '}') }

// Array returns an array of these values, nil when there are none.
func Array(values []Value) Value {
	if len(values) == 0 {
		return nil
	}
	size := len(values) + 2
	for _, v := range values {
		size += len(v)
	}
	array := append(make(Value, 0, size), '[')
	for _, v := range values {
		array = append(AppendSeparator(array), v...)
	}
	return append(array, ']')
}

// OrNull returns v, or null if v is absent.
func OrNull(v Value) Value {
	if len(v) == 0 {
		return Value("null")
	}
	return v
}
