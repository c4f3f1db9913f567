package chat

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/translator/rawjson"
)

const page = "../../docs/translation.md"

const pageHead = `# What is sent to Bedrock

Each case shows a request of the chat API and the Converse request that becomes of it, or the error. The page is written from the cases in
` + "`translator/chat/testdata`" + ` by ` + "`make generate`" + `, and a test holds it to them. To see it for a request of your own: ` + "`bedrock-extproc explain request.json`" + `.

Numbers in the names of cases are those of known problems with Bedrock; the same number is the same problem.
`

// TestPage holds docs/translation.md to the cases.
func TestPage(t *testing.T) {
	var out bytes.Buffer
	out.WriteString(pageHead)
	for _, g := range goldens(t) {
		if request, ok := g.section("request.json"); ok {
			g.describe(&out, request)
		}
	}
	if *update {
		if err := os.WriteFile(page, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(out.String(), string(got)); diff != "" {
		t.Errorf("docs/translation.md is stale, run make generate (-want +got):\n%s", diff)
	}
}

func (g *golden) describe(out *bytes.Buffer, request []byte) {
	name := strings.TrimSuffix(filepath.Base(g.file), ".txtar")
	fmt.Fprintf(out, "\n## %s\n\n%s\n", name, strings.TrimSpace(string(g.archive.Comment)))
	if text, ok := g.section("settings.json"); ok {
		fmt.Fprintf(out, "\nWith `%s`.\n", strings.TrimSpace(string(text)))
	}
	show(out, "Request", request)
	for _, part := range []struct{ title, section string }{
		{"Sent", "converse.json"}, {"Warnings", "warnings.json"}, {"Refused", "error.json"},
	} {
		if text, ok := g.section(part.section); ok {
			show(out, part.title, rawjson.Compact(text))
		}
	}
}

func show(out *bytes.Buffer, title string, text []byte) {
	fmt.Fprintf(out, "\n%s:\n\n```json\n%s\n```\n", title, bytes.TrimSpace(text))
}
