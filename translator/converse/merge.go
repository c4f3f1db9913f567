package converse

import (
	"encoding/base64"
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// pieces are the parts of one streamed value, in order, without white space.
type pieces []rawjson.Value

// join merges the pieces by halves: merging them one by one would take quadratic
// time.
func (p pieces) join() rawjson.Value {
	switch len(p) {
	case 0:
		return nil
	case 1:
		return p[0]
	}
	half := len(p) / 2
	return merge(p[:half].join(), p[half:].join())
}

// maxMergeDepth bounds how deep objects are merged: each level reads again what is
// below it. No event of Bedrock splits a value that is deeper than three levels.
const maxMergeDepth = 8

// merge joins two successive pieces of a streamed value: texts and lists are joined,
// objects are merged member by member, and of other values the later one counts.
// Of objects deeper than maxMergeDepth, too, the later one counts. Neither piece has
// white space. The result may share their memory.
func merge(a, b rawjson.Value) rawjson.Value { return mergeAt(0, a, b) }

func mergeAt(depth int, a, b rawjson.Value) rawjson.Value {
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
		if depth < maxMergeDepth {
			return mergeObjects(depth, a, b)
		}
		return b
	default:
		return b
	}
}

func mergeLists(a, b rawjson.Value) rawjson.Value {
	switch {
	case len(a) == 2:
		return b
	case len(b) == 2:
		return a
	}
	return slices.Concat(a[:len(a)-1], rawjson.Value(","), b[1:])
}

func mergeObjects(depth int, a, b rawjson.Value) rawjson.Value {
	merged := rawjson.Members(a)
	at := make(map[string]int, len(merged))
	for i, m := range merged {
		at[m.Name] = i
	}
	for _, m := range rawjson.Members(b) {
		if i, ok := at[m.Name]; ok {
			merged[i].Value = mergeMember(depth+1, m.Name, merged[i].Value, m.Value)
			continue
		}
		at[m.Name] = len(merged)
		merged = append(merged, m)
	}
	return merged.Value()
}

// mergeMember knows the base64 members, whose pieces each have their own padding.
func mergeMember(depth int, name string, a, b rawjson.Value) rawjson.Value {
	if name != "bytes" && name != "redactedContent" || a.Kind() != '"' || b.Kind() != '"' {
		return mergeAt(depth, a, b)
	}
	first, errA := base64.StdEncoding.DecodeString(rawjson.Text(a))
	second, errB := base64.StdEncoding.DecodeString(rawjson.Text(b))
	if errA != nil || errB != nil {
		return mergeAt(depth, a, b)
	}
	return rawjson.Quote(base64.StdEncoding.EncodeToString(append(first, second...)))
}
