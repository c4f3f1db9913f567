package chat

import (
	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator/rawjson"
)

// merge puts a later piece of a streamed value onto an earlier one, the way all
// pieces that Bedrock streams belong together: texts are joined, lists are
// appended, objects are merged member by member, and of anything else the later
// one counts.
func merge(a, b jsontext.Value) jsontext.Value {
	switch {
	case rawjson.Absent(a):
		return b.Clone()
	case rawjson.Absent(b):
		return a
	case a.Kind() != b.Kind():
		return b.Clone()
	}
	switch a.Kind() {
	case '"':
		joined := append(jsontext.Value(nil), a[:len(a)-1]...)
		return append(joined, b[1:]...)
	case '[':
		return mergeLists(a, b)
	case '{':
		return mergeObjects(a, b)
	default:
		return b.Clone()
	}
}

func mergeLists(a, b jsontext.Value) jsontext.Value {
	a, b = rawjson.Compact(a), rawjson.Compact(b)
	switch {
	case len(a) == 2:
		return b.Clone()
	case len(b) == 2:
		return a
	}
	joined := append(jsontext.Value(nil), a[:len(a)-1]...)
	joined = append(joined, ',')
	return append(joined, b[1:]...)
}

func mergeObjects(a, b jsontext.Value) jsontext.Value {
	left, errLeft := newFields().read(a)
	right, errRight := newFields().read(b)
	if errLeft != nil || errRight != nil {
		return b.Clone()
	}
	w := newWriter(len(a) + len(b))
	for _, l := range left {
		value := l.value
		if r := find(right, l.name); r != nil {
			value = merge(value, r.value)
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
