package readme

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBlocks(t *testing.T) {
	page := filepath.Join(t.TempDir(), "README.md")
	text := "1. Do:\n   ```sh\n   a &\n     b\n   ```\n   prints\n   ```json\n   {…}\n   ```\n```console\nnot run\n```\n```text\nnot its output\n```\n```sh\nc\n```\n"
	if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []Step{{Command: "a &\n  b\n", Prints: "{…}\n", Line: 3}, {Command: "c\n", Line: 17}}
	if diff := cmp.Diff(want, Steps(t, page)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		page, output string
		want         bool
	}{
		{"", "anything", true},
		{"a\nb", "a\nb\n", true},
		{"a…c", "abc", true},
		{"a…c", "a\nc", false}, // not across lines
		{"a.c", "abc", false},
		{"a\n…", "a\nb\nc", true},
		{"a\n…\nc", "a\nb\nb\nc", true},
		{"a\n…\nd", "a\nb\nc", false},
		{"abc", "abcd", false},
		{"{\"n\":…}", "{\"n\":18}", true},
	} {
		if got := matches(c.page, c.output); got != c.want {
			t.Errorf("matches(%q, %q) = %t", c.page, c.output, got)
		}
	}
}

func TestReplaced(t *testing.T) {
	got := replaced("127.0.0.1:9002, 19002, 9002a, [9002]", map[string]string{"9002": "20000"})
	if want := "127.0.0.1:20000, 19002, 9002a, [20000]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
