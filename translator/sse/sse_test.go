package sse_test

import (
	"bufio"
	"strings"
	"testing"

	"bedrock-extproc/translator/sse"
)

// TestFraming reads events the way clients do: by lines.
func TestFraming(t *testing.T) {
	out := sse.AppendData([]byte("before"), []byte(`{"a":1}`))
	if want := "beforedata: {\"a\":1}\n\n"; string(out) != want {
		t.Errorf("got %q, want %q", out, want)
	}
	stream := string(sse.AppendData(append(sse.AppendData(nil, []byte("1")), sse.KeepAlive...), []byte("2")))
	var data []string
	for lines := bufio.NewScanner(strings.NewReader(stream)); lines.Scan(); {
		if d, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			data = append(data, d)
		} else if text := lines.Text(); text != "" && !strings.HasPrefix(text, ":") {
			t.Errorf("a line that is neither data nor comment: %q", text)
		}
	}
	if got := strings.Join(data, " "); got != "1 2" {
		t.Errorf("data %q", got)
	}
}
