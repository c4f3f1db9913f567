package readme

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/tests/page"
)

func TestBlocks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	text := "1. Do:\n   ```sh\n   a &\n     b\n   ```\n   prints\n   ```json\n   {…}\n   ```\n```console\nnot run\n```\n```text\nnot its output\n```\n```sh\nc\n```\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []Step{{Command: "a &\n  b\n", Prints: page.Block{Lang: "json", Text: "{…}\n", Line: 7}, Line: 3}, {Command: "c\n", Line: 17}}
	if diff := cmp.Diff(want, Steps(t, file)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestReplaced(t *testing.T) {
	got := replaced("127.0.0.1:9002, 19002, 9002a, [9002]", map[string]string{"9002": "20000"})
	if want := "127.0.0.1:20000, 19002, 9002a, [20000]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
