package page

import "testing"

const text = "Text.\n\n1. A step:\n\n   ```sh\n   curl localhost\n     indented\n   ```\n\n| a table |\n\n```json\n{\"id\":\"chatcmpl-1\",\n \"a\":1,…,\"latency_ms\":3}\n```\nMore.\n"

func TestBlocks(t *testing.T) {
	blocks := Blocks(text)
	if len(blocks) != 2 || blocks[0].Lang != "sh" || blocks[0].Text != "curl localhost\n  indented\n" || blocks[0].Line != 5 || blocks[1].Line != 12 {
		t.Errorf("blocks %+v", blocks)
	}
	if got := Prose(text); got != "Text.\n\n1. A step:\n\n\n\n\n\nMore.\n" {
		t.Errorf("prose %q", got)
	}
}

func TestExpected(t *testing.T) {
	wrapped := Blocks(text)[1].Text
	for _, c := range []struct {
		lang, shown, output string
		want                bool
	}{
		{"json", wrapped, `{"id":"chatcmpl-2","a":1,"b":{},"latency_ms":7}` + "\n", true},
		{"json", wrapped, `{"id":"chatcmpl-2","a":2,"b":{},"latency_ms":7}`, false},
		{"json", wrapped, `{"id":"chatcmpl-2","a":1,"b":{},"latency_ms":7}}`, false},
		{"json", wrapped, `{"id":"other","a":1,"b":{},"latency_ms":7}`, false},
		{"json", wrapped, "", false},
		{"text", "", "anything", true},
		{"text", "a\nb", "a\nb\n", true},
		{"text", "a…c", "abc", true},
		{"text", "a…c", "a\nc", false}, // not across lines
		{"text", "a\n…\nc", "a\nb\nb\nc", true},
		{"text", "a.c", "abc", false},
		{"text", "abc", "abcd", false},
		{"text", "n:  12.5 ms", "n: 9 ms", true},
		{"text", "{\"n\":…}", "{\"n\":18}", true},
	} {
		if got := (Block{Lang: c.lang, Text: c.shown}).Expected(c.output); got != c.want {
			t.Errorf("%q shows %q: %t", c.shown, c.output, got)
		}
	}
}
