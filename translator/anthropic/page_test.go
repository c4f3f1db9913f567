package anthropic

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

const caseListHead = `# Cases

Each file is one request, answer or stream, and what the translator makes of it. ` + "`golden_test.go`" + ` says what the sections are.
A number such as B12 at the end of a name is that of a known problem of gateways between this API and Bedrock.
` + "`make generate`" + ` writes this list. [docs/translation.md](../../../docs/translation.md) explains the translation by topic.

`

// TestPageOfCases compares testdata/README.md with the first sentences of the cases.
func TestPageOfCases(t *testing.T) {
	out := bytes.NewBufferString(caseListHead)
	for _, g := range goldens(t) {
		file := filepath.Base(g.file)
		comment := strings.TrimSpace(string(g.archive.Comment))
		sentence := regexp.MustCompile(`^[^\n]+?\.(\s|$)`).FindString(comment)
		if sentence == "" {
			t.Errorf("%s: the comment does not begin with a sentence on one line", g.file)
		}
		fmt.Fprintf(out, "- [%s](%s): %s\n", strings.TrimSuffix(file, ".txtar"), file, strings.TrimSpace(sentence))
	}
	page.Check(t, "testdata/README.md", out.String(), *update)
}
