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
	block := Blocks(text)[1]
	for output, want := range map[string]bool{
		`{"id":"chatcmpl-2","a":1,"b":{},"latency_ms":7}` + "\n": true,
		`{"id":"chatcmpl-2","a":2,"b":{},"latency_ms":7}`:        false,
		`{"id":"chatcmpl-2","a":1,"b":{},"latency_ms":7}}`:       false,
		`{"id":"other","a":1,"b":{},"latency_ms":7}`:             false,
		"": false,
	} {
		if block.Expected(output) != want {
			t.Errorf("%s is expected: %t", output, !want)
		}
	}
}
