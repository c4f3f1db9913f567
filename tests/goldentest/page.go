package goldentest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

// listHead begins a list of cases. The paragraph about numbers is the dialect's.
const listHead = `# Cases

Each file is one request, answer or stream, and what the translator makes of it. ` + "`golden_test.go`" + ` says what the sections are.
%s
` + "`make generate`" + ` writes this list. [docs/translation.md](../../../docs/translation.md) explains the translation by topic.

`

// KnownProblems is for CheckList: numbers such as B12 are those of the list of known problems.
const KnownProblems = "A number such as B12 at the end of a name is that of a [known problem](../../testdata/README.md) of gateways between this API and Bedrock."

var firstSentence = regexp.MustCompile(`^[^\n]+?\.(\s|$)`)

// CheckList compares testdata/README.md with the first sentences of the cases. numbers says
// what numbers in their names mean.
func CheckList(t *testing.T, cases []*Case, numbers string, update bool) {
	t.Helper()
	out := bytes.NewBufferString(fmt.Sprintf(listHead, numbers))
	for _, c := range cases {
		sentence := firstSentence.FindString(strings.TrimSpace(string(c.Archive.Comment)))
		if sentence == "" {
			t.Errorf("%s: the comment does not begin with a sentence on one line", c.File)
		}
		fmt.Fprintf(out, "- [%s](%s): %s\n", c.Name(), filepath.Base(c.File), strings.TrimSpace(sentence))
	}
	page.Check(t, "testdata/README.md", out.String(), update)
}

var (
	pageRow  = regexp.MustCompile(`(?m)^\| (` + "`" + `.*?) \| (.*) \| (\[.*\]\(.*\)) \|$`)
	caseLink = regexp.MustCompile(`\]\(\.\./translator/\w+/testdata/(\w+)\.txtar\)`)
	codeSpan = regexp.MustCompile("`(\\w+)`")
)

// A FieldPage is a page of docs with the fields of an API.
type FieldPage struct {
	File  string
	Cases []*Case
	// Fields are the members of requests. Each has a row.
	Fields []string
	// Words are names in second columns that no case has.
	Words []string
}

// Check checks that each row links to cases that have its field and each name in the second
// column.
func (p *FieldPage) Check(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(p.File)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range pageRow.FindAllStringSubmatch(string(text), -1) {
		given, expected := p.linked(t, row[3])
		found := false
		for _, name := range codeSpan.FindAllStringSubmatch(row[1], -1) {
			listed[name[1]] = true
			found = found || strings.Contains(given, `"`+name[1]+`"`)
		}
		if !found {
			t.Errorf("no case of this row has its field: %s", row[0])
		}
		for _, name := range codeSpan.FindAllStringSubmatch(row[2], -1) {
			if !strings.Contains(expected+given, `"`+name[1]+`"`) && !slices.Contains(p.Words, name[1]) {
				t.Errorf("%s: no case has %s", row[1], name[1])
			}
		}
	}
	for _, name := range p.Fields {
		if !listed[name] {
			t.Errorf("%s has no row for %s", p.File, name)
		}
	}
}

// linked returns what the cases of links are given, and what they expect.
func (p *FieldPage) linked(t *testing.T, links string) (given, expected string) {
	t.Helper()
	for _, link := range caseLink.FindAllStringSubmatch(links, -1) {
		i := slices.IndexFunc(p.Cases, func(c *Case) bool { return c.Name() == link[1] })
		if i < 0 {
			t.Errorf("there is no case %s", link[1])
			continue
		}
		for _, f := range p.Cases[i].Archive.Files {
			switch f.Name {
			case "request.json", "reply.json", "events.jsonl", "settings.json":
				given += string(f.Data)
			default:
				expected += string(f.Data)
			}
		}
	}
	return given, expected
}
