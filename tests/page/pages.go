package page

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// patterns are the pages that people open, from the repository's root. Templates of
// generated pages are left out: their links are relative to the pages.
var patterns = []string{
	"*.md", "docs/*.md", "docs/*/*.md", "examples/*/*.md", "examples/*/*/*.md", "charts/*/*.md",
	"tests/fakebedrock/README.md", "tests/clients/README.md", "translator/chat/testdata/README.md",
}

// All lists the pages that people open. root is the path of the repository.
func All(t *testing.T, root string) []string {
	t.Helper()
	var all []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	if len(all) < 30 {
		t.Fatalf("only these pages: %q", all)
	}
	return all
}

// Read returns the text of a page.
func Read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A Block is a fenced block of a page.
type Block struct {
	Lang string // the word after the fence: sh, json, yaml; "" for none
	Text string // with the newline of its last line
	Line int    // of the opening fence
}

var fence = regexp.MustCompile("(?ms)^([ ]*)```(\\w*)[^\n]*\n(.*?)^[ ]*```$")

// Blocks returns the fenced blocks of a text, without the indentation of their fences.
func Blocks(text string) []Block {
	var all []Block
	for _, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		indent := text[at[2]:at[3]]
		lines := strings.SplitAfter(text[at[6]:at[7]], "\n")
		for i := range lines {
			lines[i] = strings.TrimPrefix(lines[i], indent)
		}
		all = append(all, Block{Lang: text[at[4]:at[5]], Text: strings.Join(lines, ""), Line: 1 + strings.Count(text[:at[0]], "\n")})
	}
	return all
}

// Prose is a text without its fenced blocks and its tables.
func Prose(text string) string {
	var lines []string
	for line := range strings.Lines(fence.ReplaceAllString(text, "")) {
		if !strings.HasPrefix(strings.TrimSpace(line), "|") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}
