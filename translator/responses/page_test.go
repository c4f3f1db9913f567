package responses

import (
	"bytes"
	"fmt"
	"os"
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
		file := filepath.Base(g.File)
		comment := strings.TrimSpace(string(g.Archive.Comment))
		sentence := regexp.MustCompile(`^[^\n]+?\.(\s|$)`).FindString(comment)
		if sentence == "" {
			t.Errorf("%s: the comment does not begin with a sentence on one line", g.File)
		}
		fmt.Fprintf(out, "- [%s](%s): %s\n", strings.TrimSuffix(file, ".txtar"), file, strings.TrimSpace(sentence))
	}
	page.Check(t, "testdata/README.md", out.String(), *update)
}

var (
	pageRow  = regexp.MustCompile(`(?m)^\| (` + "`" + `.*?) \| (.*) \| (\[.*\]\(.*\)) \|$`)
	caseLink = regexp.MustCompile(`\]\(\.\./translator/responses/testdata/(\w+)\.txtar\)`)
	codeSpan = regexp.MustCompile("`(\\w+)`")
)

// TestPageRows: each row of docs/openai-responses.md links to cases that have its field and each
// name in the second column. Each member of requests has a row.
func TestPageRows(t *testing.T) {
	text, err := os.ReadFile("../../docs/openai-responses.md")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]*golden{}
	for _, g := range goldens(t) {
		cases[g.Name()] = g
	}
	listed := map[string]bool{}
	for _, row := range pageRow.FindAllStringSubmatch(string(text), -1) {
		given, expected := "", ""
		for _, link := range caseLink.FindAllStringSubmatch(row[3], -1) {
			g := cases[link[1]]
			if g == nil {
				t.Errorf("there is no case %s", link[1])
				continue
			}
			for _, f := range g.Archive.Files {
				switch f.Name {
				case "request.json", "reply.json", "events.jsonl", "settings.json":
					given += string(f.Data)
				default:
					expected += string(f.Data)
				}
			}
		}
		names := codeSpan.FindAllStringSubmatch(row[1], -1)
		found := false
		for _, name := range names {
			listed[name[1]] = true
			found = found || strings.Contains(given, `"`+name[1]+`"`)
		}
		if !found {
			t.Errorf("no case of this row has its field: %s", row[0])
		}
		for _, name := range codeSpan.FindAllStringSubmatch(row[2], -1) {
			if !strings.Contains(expected+given, `"`+name[1]+`"`) && name[1] != "modelId" && name[1] != "openai_metadata" {
				t.Errorf("%s: no case has %s", row[1], name[1])
			}
		}
	}
	for _, name := range known {
		if !listed[name] {
			t.Errorf("docs/openai-responses.md has no row for %s", name)
		}
	}
}
