// Package readme runs what the page of an example tells its readers to type: the fenced
// blocks with language "sh", in order, in one shell. A block with language "text" or
// "json" after one shows what it prints; "…" in it stands for anything. Blocks with
// language "console" need something that a test does not have, such as a cluster.
package readme

import (
	"regexp"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
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

// Steps returns the commands of a page. A block of another language fails the test: nobody
// would know whether it is run.
func Steps(t *testing.T, file string) []Step {
	t.Helper()
	var steps []Step
	follows := false // the block before was a command
	for _, block := range page.Blocks(page.Read(t, file)) {
		switch block.Lang {
		case "sh":
			steps = append(steps, Step{Command: block.Text, Line: block.Line + 1})
		case "text", "json":
			if follows {
				steps[len(steps)-1].Prints = block.Text
			}
		case "console", "yaml":
		default:
			t.Errorf("%s:%d: a block of language %q", file, block.Line, block.Lang)
		}
		follows = block.Lang == "sh"
	}
	return steps
}

// matches reports whether output is what a page shows: "…" is any text of a line, and a
// line "…" any lines. Spaces at both ends do not count.
func matches(page, output string) bool {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(page)), "\n…", "(?s:.*)")
	pattern = strings.ReplaceAll(pattern, "…", ".*")
	return page == "" || regexp.MustCompile("^"+pattern+"$").MatchString(strings.TrimSpace(output))
}
