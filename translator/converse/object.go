package converse

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// An Object is a JSON object of the client's request. Its values are parts of the
// request's body.
type Object struct {
	// At is the object's path, "" for the body itself.
	At string
	// Members are in the order of the text.
	Members rawjson.Object

	half *string // the path of the first half of a surrogate pair in a body, nil for none
}

// byteOrderMark starts a text in UTF-8 of some editors and Windows programs. It means
// nothing there.
const byteOrderMark = "\uFEFF"

// ReadBody reads a request's body, without the byte order mark that may start it.
// Everything else here relies on its check that the body is JSON. Except in passthrough
// mode, half a surrogate pair without the other becomes U+FFFD, wherever it is;
// Request.WarnHalves warns of that. The body itself is not changed.
func ReadBody(body []byte, mode Mode) (Object, error) {
	body = bytes.TrimPrefix(body, []byte(byteOrderMark))
	if err := rawjson.Check(body); err != nil {
		return Object{}, Refuse("", faultNotJSON.with(values{value: err.Error()}))
	}
	if rawjson.Kind(body) != '{' {
		return Object{}, Refuse("", faultBodyNotObject)
	}
	if i := rawjson.LoneHalf(body, 0); i >= 0 && mode != Passthrough {
		return Object{Members: rawjson.Members(rawjson.WithoutHalves(body)), half: new(pathAt(body, i))}, nil
	}
	return Object{Members: rawjson.Members(body)}, nil
}

// maxPath bounds the names of a path: what is deeper, such as the members of a tool
// call's input, is content.
const maxPath = 5

// pathAt is the path of the value of a body that the position i is in.
func pathAt(body rawjson.Value, i int) string {
	dec := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for dec.InputOffset() <= int64(i) {
		if _, err := dec.ReadToken(); err != nil {
			break
		}
	}
	path, names := "", strings.Split(string(dec.StackPointer()), "/")[1:]
	for depth, name := range names[:min(len(names), maxPath)] {
		if kind, _ := dec.StackIndex(depth + 1); kind == '[' {
			path += "[" + name + "]"
			continue
		}
		path = strings.TrimPrefix(path+"."+clip(name), ".")
	}
	return path
}

// warnHalves warns of the halves of surrogate pairs that ReadBody has replaced.
func (r *Request) warnHalves(body Object) error {
	if body.half == nil {
		return nil
	}
	return r.repair(*body.half, faultHalf)
}

// Either is the member with the first of these names that is there. Without any, it has
// the path of the first.
func (o Object) Either(names ...string) Field {
	for _, name := range names {
		if f := o.Field(name); !rawjson.Absent(f.Value) {
			return f
		}
	}
	return o.Field(names[0])
}

// ReadBoolean reads a field that must be true or false, and is false where the client
// says nothing.
func ReadBoolean(f Field) (bool, error) {
	switch rawjson.Kind(f.Value) {
	case 0, 'n', 'f':
		return false, nil
	case 't':
		return true, nil
	default:
		return false, Refuse(f.At, FaultNotBoolean)
	}
}

// ReadObject reads a field that must be an object.
func ReadObject(f Field) (Object, error) {
	if rawjson.Kind(f.Value) != '{' {
		return Object{}, Refuse(f.At, FaultNotObject)
	}
	return Object{At: f.At, Members: rawjson.Members(f.Value)}, nil
}

// Get returns a member's value, nil when there is none. Where a name occurs twice,
// the last one counts.
func (o Object) Get(name string) rawjson.Value { return o.Members.Get(name) }

// Field is a member and its path.
func (o Object) Field(name string) Field { return Field{o.Get(name), o.path(name)} }

func (o Object) path(name string) string {
	if o.At == "" {
		return name
	}
	return o.At + "." + name
}

// Text is a member that must be a string. Its value is nil when it is absent.
func (o Object) Text(name string) (Field, error) { return text(o.Field(name)) }

func text(f Field) (Field, error) {
	switch {
	case rawjson.Absent(f.Value):
		f.Value = nil
	case rawjson.Kind(f.Value) != '"':
		return f, Refuse(f.At, FaultNotString)
	}
	return f, nil
}

// Each calls do for each object of a list, until it fails. An absent list is empty.
func (o Object) Each(name string, do func(Object) error) error {
	f := o.Field(name)
	if rawjson.Kind(f.Value) != '[' && !rawjson.Absent(f.Value) {
		return Refuse(f.At, faultNotList)
	}
	for i, v := range rawjson.Elements(f.Value) {
		element, err := ReadObject(Field{v, Index(f.At, i)})
		if err != nil {
			return err
		}
		if err := do(element); err != nil {
			return err
		}
	}
	return nil
}

// WarnUnknown warns of the members of o that are not among known and not null.
func (r *Request) WarnUnknown(o Object, known ...string) {
	for _, m := range o.Members {
		switch {
		case slices.Contains(known, m.Name) || rawjson.Absent(m.Value):
		case r.warningsFull():
			r.unlisted++
		default:
			r.warn(o.path(clip(m.Name)), faultUnknownField)
		}
	}
}

// clip bounds a name that a client wrote.
func clip(name string) string { return translator.Clip(name, 100) }
