package rawjson

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReader(t *testing.T) {
	var r Reader
	text := Value(` {"a":{"b":[1, "x"]},"\u0062":null,"":true,"a":2} `)
	want := Object{{"a", Value(`{"b":[1, "x"]}`)}, {"b", Value("null")}, {"", Value("true")}, {"a", Value("2")}}
	for range 2 {
		got, err := r.Read(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	if diff := cmp.Diff(Object{{"b", Value(`[1, "x"]`)}}, r.Part(want[0].Value)); diff != "" {
		t.Errorf("a part (-want +got):\n%s", diff)
	}
	if got := r.Part(Value("[1]")); len(got) != 0 {
		t.Errorf("a list has members: %v", got)
	}
}

func TestReaderRefuses(t *testing.T) {
	var r Reader
	for _, text := range []string{"", " ", "null", "[]", `"x"`, "7"} {
		if _, err := r.Read(Value(text)); !errors.Is(err, ErrNotObject) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"{", `{"a"}`, `{"a":}`, `{"a":01}`, `{"a":1,}`, `{"a":1} {}`, `{"a":"` + "\n" + `"}`, `{"a":"\x"}`} {
		if got, err := r.Read(Value(text)); err == nil {
			t.Errorf("%q is taken: %v", text, got)
		}
	}
}

// TestReaderKeepsNames: names that share a slot in the table of names stay distinct.
func TestReaderKeepsNames(t *testing.T) {
	var r Reader
	for _, text := range []string{`{"aba":1,"aca":2}`, `{"aca":3}`, `{"aba":4}`} {
		got, err := r.Read(Value(text))
		if diff := cmp.Diff(Members(Value(text)), got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

func TestReaderDoesNotAllocate(t *testing.T) {
	var r Reader
	event := Value(`{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"x"}},"p":"abc"}`)
	read := func() {
		if _, err := r.Read(event); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if n := testing.AllocsPerRun(100, read); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWriter(t *testing.T) {
	w := NewWriter(8)
	if !w.Empty() {
		t.Error("a new object is not empty")
	}
	w.Member("v", Value(`{"a":[]}`))
	w.Member("absent", nil)
	w.Text("t", "\"\n\xff")
	w.Optional("o", "")
	w.Optional("p", "x")
	w.Int("i", -7)
	w.Bool("b", true)
	const want = `{"v":{"a":[]},"t":"\"\n` + "\ufffd" + `","p":"x","i":-7,"b":true}`
	if got := string(w.End()); got != want || w.Empty() {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(Array([]Value{Value("1"), Value("[]"), Value(`"a"`)})); got != `[1,[],"a"]` {
		t.Errorf("got %s", got)
	}
	if Array(nil) != nil || string(OrNull(nil)) != "null" || string(OrNull(Value("1"))) != "1" {
		t.Error("absent values")
	}
}
