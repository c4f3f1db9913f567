package native

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
	"bedrock-extproc/translator"
)

var update = flag.Bool("update", false, "write docs/bedrock-api.md again")

// TestPage compares docs/bedrock-api.md with the table of exceptions.
func TestPage(t *testing.T) {
	intro, err := os.ReadFile("testdata/bedrock-api.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows strings.Builder
	for _, k := range translator.Kinds() {
		x := exceptions[k.Kind]
		fmt.Fprintf(&rows, "| `%s` | %d | `%s` | `%s` |\n", k.Kind, x.status, x.name, x.streamed)
	}
	page.Check(t, "../../docs/bedrock-api.md", strings.Replace(string(intro), "EXCEPTIONS\n", rows.String(), 1), *update)
}
