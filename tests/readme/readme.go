// Package readme runs what a page tells its readers to type: the fenced blocks with
// language "sh", those of an example in order and in one shell. A block with language
// "text" or "json" after one shows what it prints. Blocks with language "console" need
// something that a test does not have, such as a cluster.
package readme

import (
	"testing"

	"bedrock-extproc/tests/page"
)

// A Step is a command of a page.
type Step struct {
	// Command is one or more lines for a shell.
	Command string
	// Prints is what its standard output should be, the zero block for anything.
	Prints page.Block
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
				steps[len(steps)-1].Prints = block
			}
		case "console", "yaml", "mermaid":
		default:
			t.Errorf("%s:%d: a block of language %q", file, block.Line, block.Lang)
		}
		follows = block.Lang == "sh"
	}
	return steps
}
