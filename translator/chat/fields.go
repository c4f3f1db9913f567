package chat

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// member is one member of a JSON object. Its name is quoted, as it was written.
type member struct {
	name  []byte
	value jsontext.Value
}

// fields reads objects member by member without allocating. It is for one
// goroutine; what it returns is valid until the next read, but values stay parts
// of the object that was read.
type fields struct {
	dec  *jsontext.Decoder
	buf  bytes.Buffer
	list []member
}

func newFields() *fields {
	f := &fields{list: make([]member, 0, 8)}
	f.dec = jsontext.NewDecoder(&f.buf, verbatim)
	return f
}

// read lists the members of the object v.
func (f *fields) read(v jsontext.Value) ([]member, error) {
	f.buf = *bytes.NewBuffer(v)
	f.dec.Reset(&f.buf, verbatim)
	f.list = f.list[:0]
	if f.dec.PeekKind() != '{' {
		return nil, errNotAnObject
	}
	if _, err := f.dec.ReadToken(); err != nil {
		return nil, err
	}
	for f.dec.PeekKind() != '}' {
		name, err := f.part(v)
		if err != nil {
			return nil, err
		}
		value, err := f.part(v)
		if err != nil {
			return nil, err
		}
		f.list = append(f.list, member{name, value})
	}
	if _, err := f.dec.ReadToken(); err != nil {
		return nil, err
	}
	return f.list, nil
}

// part is the next value, as a part of v.
func (f *fields) part(v jsontext.Value) (jsontext.Value, error) {
	value, err := f.dec.ReadValue()
	if err != nil {
		return nil, err
	}
	end := f.dec.InputOffset()
	return v[end-int64(len(value)) : end], nil
}

// one is the only member that is not null. Its name is nil when there is none.
func (f *fields) one(v jsontext.Value) (member, error) {
	list, err := f.read(v)
	if err != nil {
		return member{}, err
	}
	for _, m := range list {
		if m.value.Kind() != 'n' {
			return m, nil
		}
	}
	return member{}, nil
}
