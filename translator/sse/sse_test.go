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

// pythonLineEnds are the characters at which Python's str.splitlines cuts.
const pythonLineEnds = "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029"

// TestLinesStayWhole: no line splitter cuts a data line, and the JSON has the same
// meaning.
func TestLinesStayWhole(t *testing.T) {
	for text, want := range map[string]string{
		`"a\u0085b"`:                          `"a\u0085b"`,
		"\"\u0085\u2028x\u2029\u2028\u2028\"": `"\u0085\u2028x\u2029\u2028\u2028"`,
		"\"\u00e9\u2027\u202a\u00a9\u20ac\"":  "\"\u00e9\u2027\u202a\u00a9\u20ac\"",
		"\"\xc2":                              "\"\xc2",
		"\"\xe2\x80":                          "\"\xe2\x80",
	} {
		got := string(sse.AppendJSON(nil, []byte(text)))
		if got != want || strings.ContainsAny(got, pythonLineEnds) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
