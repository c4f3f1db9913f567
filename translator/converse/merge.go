package chat

import (
	"encoding/base64"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator/rawjson"
)

// pieces are those of one streamed value, in their order, without white space.
type pieces []jsontext.Value

func (p *pieces) add(piece jsontext.Value) { *p = append(*p, rawjson.Compact(piece).Clone()) }

// join puts them together, by halves: one onto all before it, each in turn, would
// take time that grows with the square of their number.
func (p pieces) join() jsontext.Value {
	switch len(p) {
	case 0:
		return nil
	case 1:
		return p[0]
	}
	half := len(p) / 2
	return merge(p[:half].join(), p[half:].join())
}

// merge puts a later part of a streamed value onto an earlier one, the way all
// pieces that Bedrock streams belong together: texts are joined, lists are
// appended, objects are merged member by member, and of anything else the later
// one counts. Both are without white space, and the result may share their memory.
func merge(a, b jsontext.Value) jsontext.Value {
	switch {
	case rawjson.Absent(a):
		return b
	case rawjson.Absent(b):
		return a
	case a.Kind() != b.Kind():
		return b
	}
	switch a.Kind() {
	case '"':
		return slices.Concat(a[:len(a)-1], b[1:])
	case '[':
		return mergeLists(a, b)
	case '{':
		return mergeObjects(a, b)
	default:
		return b
	}
}

func mergeLists(a, b jsontext.Value) jsontext.Value {
	switch {
	case len(a) == 2:
		return b
	case len(b) == 2:
		return a
	}
	return slices.Concat(a[:len(a)-1], jsontext.Value(","), b[1:])
}

func mergeObjects(a, b jsontext.Value) jsontext.Value {
	left, errLeft := newFields().read(a)
	right, errRight := newFields().read(b)
	if errLeft != nil || errRight != nil {
		return b
	}
	w := newWriter(len(a) + len(b))
	for _, l := range left {
		value := l.value
		if r := find(right, l.name); r != nil {
			value = mergeMember(l.name, value, r.value)
		}
		w.member(unquoted(l.name), value)
	}
	for _, r := range right {
		if find(left, r.name) == nil {
			w.member(unquoted(r.name), r.value)
		}
	}
	return w.end()
}

// mergeMember knows the members that are base64, of which each piece has padding of
// its own.
func mergeMember(name []byte, a, b jsontext.Value) jsontext.Value {
	if n := string(name); n != `"bytes"` && n != `"redactedContent"` || a.Kind() != '"' || b.Kind() != '"' {
		return merge(a, b)
	}
	first, errA := base64.StdEncoding.DecodeString(rawjson.Text(a))
	second, errB := base64.StdEncoding.DecodeString(rawjson.Text(b))
	if errA != nil || errB != nil {
		return merge(a, b)
	}
	return rawjson.Quote(base64.StdEncoding.EncodeToString(append(first, second...)))
}

func find(list []member, name []byte) *member {
	for i := range list {
		if string(list[i].name) == string(name) {
			return &list[i]
		}
	}
	return nil
}

// unquoted is a member's name as the writer takes it: without quotes, with escapes.
func unquoted(name []byte) string { return string(name[1 : len(name)-1]) }
