package goldentest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// EveryMember checks that a request that is accepted loses nothing silently: without any
// one of its members, other bytes are sent to Bedrock, or other warnings, an error or
// another kind of answer come out. A warning about a part of the request counts for all of
// that part. ignored matches members that may be left out, each as "messages[0].name=" and
// its value. Members with the value of an absent one are not tried.
func EveryMember(t *testing.T, body []byte, ignored *regexp.Regexp, decode func(body []byte) (*translator.Call, error)) {
	t.Helper()
	call, err := decode(body)
	if err != nil {
		return
	}
	whole := result(call, nil)
	warned := func(path string) bool {
		return slices.ContainsFunc(call.Warnings, func(w translator.Warning) bool { return strings.HasPrefix(path, w.Path) })
	}
	for _, m := range membersOf("", body) {
		if !ignored.MatchString(m.path+"="+m.value) && !warned(m.path) && result(decode(m.without)) == whole {
			t.Errorf("%s=%s makes no difference in %s", m.path, m.value, rawjson.Compact(body))
		}
	}
}

// A member is one member of a request, at any depth, and the request without it.
type member struct {
	path, value string
	without     rawjson.Value
}

// result is what comes out of a request, for comparison.
func result(call *translator.Call, err error) string {
	if err != nil {
		e := translator.AsError(err)
		return fmt.Sprintf("%s %s %s", e.Kind, e.Path, e.Message)
	}
	return fmt.Sprintf("%s %t %s %+v %+v", call.Model, call.Streaming, call.Body, call.Warnings, call.Encoder)
}

// membersOf lists the members of a value at a path.
func membersOf(at string, v rawjson.Value) []member {
	var all []member
	members := rawjson.Members(v)
	for i, m := range members {
		path := strings.TrimPrefix(at+"."+m.Name, ".")
		if !isDefault(m.Value) {
			all = append(all, member{path, string(rawjson.Compact(m.Value)), slices.Delete(slices.Clone(members), i, i+1).Value()})
		}
		for _, inner := range membersOf(path, m.Value) {
			changed := slices.Clone(members)
			changed[i].Value = inner.without
			all = append(all, member{inner.path, inner.value, changed.Value()})
		}
	}
	var elements []rawjson.Value
	for _, e := range rawjson.Elements(v) {
		elements = append(elements, e)
	}
	for i, e := range elements {
		for _, inner := range membersOf(fmt.Sprintf("%s[%d]", at, i), e) {
			changed := slices.Clone(elements)
			changed[i] = inner.without
			all = append(all, member{inner.path, inner.value, rawjson.Array(changed)})
		}
	}
	return all
}

// isDefault reports whether a value says no more than its absence.
func isDefault(v rawjson.Value) bool {
	switch string(rawjson.Compact(v)) {
	case "null", "false", "0", "0.0", `""`, "[]", "{}":
		return true
	}
	return false
}
