// Package docs checks what all pages have in common: their links, what they name, their
// snippets of configuration, their diagrams and how long they take to read. Commands
// and outputs of pages are run by tests/e2e, command lines are parsed by cmd/bedrock-extproc.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"bedrock-extproc/tests/page"
)

const root = "../.."

var (
	fenced  = regexp.MustCompile("(?ms)^[ ]*```.*?^[ ]*```$")
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
)

// Every link to a file, a folder or a heading leads there.
func TestLinks(t *testing.T) {
	for _, file := range page.All(t, root) {
		text := code.ReplaceAllString(fenced.ReplaceAllString(page.Read(t, file), ""), "")
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(match[1], "://") {
				checkLink(t, file, match[1])
			}
		}
	}
}

func checkLink(t *testing.T, file, to string) {
	t.Helper()
	path, anchor, _ := strings.Cut(to, "#")
	target := file
	if path != "" {
		target = filepath.Join(filepath.Dir(file), path)
	}
	_, err := os.Stat(target)
	switch {
	case err != nil:
		t.Errorf("%s: link to %s: %v", file, to, err)
	case anchor != "" && !slices.Contains(anchors(page.Read(t, target)), anchor):
		t.Errorf("%s: link to %s: no such heading", file, to)
	}
}

// anchors are the names by which GitHub links to the headings of a page.
func anchors(text string) []string {
	var all []string
	for _, match := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		all = append(all, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			default:
				return -1
			}
		}, match[1]))
	}
	return all
}

// The index has one line for each page of docs.
func TestIndex(t *testing.T) {
	index := page.Read(t, "../../docs/README.md")
	for _, file := range page.All(t, root) {
		name, err := filepath.Rel("../../docs", file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(name, "..") && name != "README.md" && strings.Count(index, "| ["+name+"]("+name+") |") != 1 {
			t.Errorf("docs/README.md has not one line for %s", name)
		}
	}
}
