package converse

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestTokens(t *testing.T) {
	for text, want := range map[string][]string{
		"":                  nil,
		"Hello, world!":     {"Hello", ",", " world", "!"},
		"  two":             {" ", " two"},
		"a\nb":              {"a", "\nb"},
		"entanglement":      {"entangle", "ment"},
		`{"city": "Oslo"}`:  {"{", `"`, "city", `"`, ":", ` `, `"`, "Oslo", `"`, "}"},
		"Zürich 12 °C":      {"Zürich", " 12", " ", "°", "C"},
		" ":                 {" "},
		"bad \xff byte":     {"bad", " ", "\xff", " byte"},
		"don't stop_it now": {"don't", " stop_it", " now"},
	} {
		if diff := cmp.Diff(want, Tokens(text)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
		if got := CountTokens(text); got != len(want) {
			t.Errorf("%q: counted %d", text, got)
		}
	}
}

func FuzzTokens(f *testing.F) {
	f.Add("Hello, world!")
	f.Fuzz(func(t *testing.T, text string) {
		tokens := Tokens(text)
		if strings.Join(tokens, "") != text {
			t.Errorf("%q became %q", text, tokens)
		}
		for _, token := range tokens {
			if token == "" || utf8.ValidString(text) && !utf8.ValidString(token) {
				t.Errorf("token %q of %q", token, text)
			}
		}
	})
}

func TestCountInput(t *testing.T) {
	count := func(body string) int {
		t.Helper()
		var r Request
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatal(err)
		}
		return r.CountInput()
	}
	last := 0
	for _, body := range []string{
		`{"messages":[{"role":"user","content":[{"text":"hello"}]}]}`,
		`{"messages":[{"role":"user","content":[{"text":"hello there"}]}]}`,
		`{"messages":[{"role":"user","content":[{"text":"hello there"}]}],"system":[{"text":"be brief"}]}`,
		`{"messages":[{"role":"user","content":[{"text":"hello there"}]}],"system":[{"text":"be brief"}],"toolConfig":{"tools":[{"toolSpec":{"name":"t","inputSchema":{"json":{}}}}]}}`,
		`{"messages":[{"role":"user","content":[{"text":"hello there"},{"image":{"source":{"bytes":"` + strings.Repeat("A", 100000) + `"}}}]}]}`,
	} {
		n := count(body)
		if n <= last {
			t.Errorf("%d tokens for %.80s, not more than %d", n, body, last)
		}
		last = n
	}
}
