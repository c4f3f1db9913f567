// Package readme runs what the page of an example tells its readers to type: the fenced
// blocks with language "sh", in order, in one shell. A block with language "text" or
// "json" after one shows what it prints; "…" in it stands for anything. Blocks with
// language "console" need something that a test does not have, such as a cluster.
package readme

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// A Step is a command of a page.
type Step struct {
	// Command is one or more lines for a shell.
	Command string
	// Prints is what its standard output should be, "" for anything.
	Prints string
	// Line is the number of its first line in the page.
	Line int
}

// languages says which blocks are commands, and which are output.
var languages = map[string]struct{ command, output bool }{
	"sh": {command: true}, "text": {output: true}, "json": {output: true}, "console": {}, "yaml": {},
}

var fence = regexp.MustCompile("^ *```(\\w*)$")

// Steps returns the commands of a page. A block without a language, or with an unknown
// one, fails the test: nobody would know whether it is run.
func Steps(t testing.TB, file string) []Step {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var steps []Step
	var block []string
	language, follows := "", false
	for i, line := range strings.Split(string(text), "\n") {
		match := fence.FindStringSubmatch(line)
		switch {
		case match == nil && language != "":
			block = append(block, line)
		case match == nil:
		case language == "":
			language, block = match[1], nil
			if _, known := languages[language]; !known {
				t.Fatalf("%s:%d: a block of language %q", file, i+1, language)
			}
		default:
			kind, content := languages[language], unindented(block)
			switch {
			case kind.command:
				steps = append(steps, Step{Command: content, Line: i - len(block) + 1})
			case kind.output && follows:
				steps[len(steps)-1].Prints = content
			}
			language, follows = "", kind.command
		}
	}
	return steps
}

// unindented removes the indent of a block in a list from its lines.
func unindented(lines []string) string {
	indent := ""
	if len(lines) > 0 {
		indent = lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], " "))]
	}
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(strings.TrimPrefix(line, indent) + "\n")
	}
	return text.String()
}

// matches reports whether output is what a page shows. Spaces at both ends do not count.
func matches(page, output string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(page)), "…", ".*")
	return page == "" || regexp.MustCompile("^"+pattern+"$").MatchString(strings.TrimSpace(output))
}
