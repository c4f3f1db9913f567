package examples

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// pages lists every page that a reader opens: those beside this repository's README, in
// docs, beside the examples, and two in folders of tests. Templates of generated pages
// are left out: their links are relative to the pages.
func pages(t *testing.T) []string {
	t.Helper()
	all := files(t, ".md")
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/contributing/*.md", "tests/fakebedrock/README.md", "translator/chat/testdata/README.md"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: no page, %v", pattern, err)
		}
		all = append(all, found...)
	}
	return all
}

var (
	fenced  = regexp.MustCompile("(?ms)^```.*?^```$")
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+?) *$`)
)

// Every link to a file, a folder or a heading leads there.
func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		text := code.ReplaceAllString(fenced.ReplaceAllString(read(t, page), ""), "")
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(match[1], "://") {
				checkLink(t, page, match[1])
			}
		}
	}
}

func checkLink(t *testing.T, page, to string) {
	t.Helper()
	path, anchor, _ := strings.Cut(to, "#")
	target := page
	if path != "" {
		target = filepath.Join(filepath.Dir(page), path)
	}
	_, err := os.Stat(target)
	switch {
	case err != nil:
		t.Errorf("%s: link to %s: %v", page, to, err)
	case anchor != "" && !slices.Contains(anchors(read(t, target)), anchor):
		t.Errorf("%s: link to %s: no such heading", page, to)
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
	index := read(t, "../../docs/README.md")
	found, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range found {
		name := filepath.Base(page)
		if name != "README.md" && strings.Count(index, "| ["+name+"]("+name+") |") != 1 {
			t.Errorf("docs/README.md has not one line for %s", name)
		}
	}
}

var sourceFile = regexp.MustCompile("`((?:[\\w.-]+/)+[\\w.-]+\\.(?:go|yaml|md))`")

// The files that these pages name exist.
func TestNamedFiles(t *testing.T) {
	for _, page := range []string{"../../CONTRIBUTING.md", "../../RATIONALE.md"} {
		for _, match := range sourceFile.FindAllStringSubmatch(read(t, page), -1) {
			if _, err := os.Stat(filepath.Join("../..", match[1])); err != nil {
				t.Errorf("%s names %s: %v", page, match[1], err)
			}
		}
	}
}
