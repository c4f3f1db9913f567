package rawjson

import (
	"bytes"
	"errors"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	for text, offset := range map[string]int64{
		``:                       0,
		`  `:                     0,
		`{"a":1,}`:               6,
		`{"a":1`:                 6,
		`{"a":1} x`:              8,
		`{"a":1} {}`:             8,
		`[01]`:                   2,
		`NaN`:                    0,
		"\ufeff{}":               0,
		"{\"a\":\"\xff\"}":       6,
		"{\"a\":\"line\nfeed\"}": 10,
	} {
		e, ok := errors.AsType[*SyntaxError](Check([]byte(text)))
		if !ok || e.Offset != offset || e.Reason == "" {
			t.Errorf("%q: %v, want an error at byte %d", text, e, offset)
		}
	}
	for _, text := range []string{`{"a":1,"a":2}`, ` [1, "\ud83d"] `, `"é"`, `null`, `12345678901234567890.10e-400`} {
		if err := Check([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestMembers(t *testing.T) {
	text := Value("\n{ \"a\" : [1, {\"b\":\"}]\"}], \"\\u0062\\n\":\"\\\\\\\"\" ,\"c\":-1.50e+3,\"a\":null, \"d\":{} }")
	want := Object{
		{"a", Value(`[1, {"b":"}]"}]`)},
		{"b\n", Value(`"\\\""`)},
		{"c", Value("-1.50e+3")},
		{"a", Value("null")},
		{"d", Value("{}")},
	}
	if diff := cmp.Diff(want, Members(text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, empty := range []string{"{}", "{ }", "null", "[1]", "", "7"} {
		if got := Members(Value(empty)); len(got) != 0 {
			t.Errorf("%q has members: %v", empty, got)
		}
	}
}

func list(v Value) []Value {
	var all []Value
	for _, e := range Elements(v) {
		all = append(all, e)
	}
	return all
}

func TestElements(t *testing.T) {
	got := list(Value("[ 1 ,\"a,b]\", [] , {\"x\":[2]},true ]"))
	want := []Value{Value("1"), Value(`"a,b]"`), Value("[]"), Value(`{"x":[2]}`), Value("true")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, empty := range []string{"[ ]", "{}", "null", "", "7"} {
		if got := list(Value(empty)); len(got) != 0 {
			t.Errorf("%q has elements: %v", empty, got)
		}
	}
	for i := range Elements(Value("[1,2,3]")) {
		if i == 1 {
			break
		}
	}
	if !Empty(Value(" { }")) || !Empty(Value("[\n]")) || Empty(Value("[0]")) || Empty(Value(`{"a":null}`)) {
		t.Error("Empty is wrong")
	}
}

func TestSetLeavesTheRest(t *testing.T) {
	o := Members(Value(`{"b":1.0,"a":"\u00e9","b":2}`))
	changed := o.Set("b", Value(`3`)).Set("c", Value(`[]`)).Set("a", nil)
	if got, want := string(changed.Value()), `{"b":1.0,"b":3,"c":[]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := string(o.Value()), `{"b":1.0,"a":"\u00e9","b":2}`; got != want {
		t.Errorf("the original became %s", got)
	}
}

func TestOnly(t *testing.T) {
	for text, want := range map[string]string{`{"a":1}`: "a", `{"a":null,"b":{}}`: "b", `{}`: "", `{"a":1,"b":2}`: "", `{"a":1,"b":2,"c":3}`: ""} {
		if m, ok := Members(Value(text)).Only(); m.Name != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", text, m.Name, ok)
		}
	}
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{`"a"`: "a", `"\u00e9\/\n"`: "é/\n", `"\ud83d\ude00"`: "😀", `"\ud83d"`: "\ufffd", `""`: ""} {
		if got := Text(Value(text)); got != want || !IsText(Value(text), want) {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{`""`: true, `" \n\u00a0\u3000"`: true, `" a"`: false, `"é"`: false, `"\u0041"`: false} {
		if Blank(Value(text)) != want {
			t.Errorf("%s: blank is not %v", text, want)
		}
	}
}

// FuzzRead: parts of JSON are JSON, and the same ones that jsontext finds. For other
// texts, the functions end without a panic.
func FuzzRead(f *testing.F) {
	for _, text := range []string{`{"a":[1,{"b":"\\\""}],"c":-1e5,"":null}`, ` [ "x" , 2 ] `, `{"a"`, `"\`, `[[[`, `}{`, `{"a":1 2}`, `{\"`, `["\"]`, "{\"a\":\"\xff\"}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		members, elements := Members(text), list(text)
		if Check(text) != nil {
			return
		}
		var want []string
		dec := jsontext.NewDecoder(bytes.NewReader(text), asWritten)
		if k := dec.PeekKind(); k == '{' || k == '[' {
			_, _ = dec.ReadToken()
			for dec.PeekKind() != '}' && dec.PeekKind() != ']' {
				v, err := dec.ReadValue()
				if err != nil {
					t.Fatal(err)
				}
				want = append(want, string(v))
			}
		}
		var got []string
		if Kind(text) == '{' {
			for i, m := range members {
				name := Value(want[2*i])
				if m.Name != Text(name) {
					t.Errorf("%s: name %d is %q", text, i, m.Name)
				}
				got = append(got, want[2*i], string(m.Value))
			}
		} else if Kind(text) == '[' {
			for _, v := range elements {
				got = append(got, string(v))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		compact := Value(bytes.Clone(text))
		if err := compact.Compact(asWritten); err != nil || string(compact) != string(AppendCompact(nil, text)) {
			t.Errorf("%s became %s, want %s (%v)", text, AppendCompact(nil, text), compact, err)
		}
	})
}
