package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"bedrock-extproc/tests/page"
)

var (
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
	// invocation is a command of this program, with variables before it, up to what belongs to the shell.
	invocation = regexp.MustCompile(`(?m)(?:^|[;&|$])\s*(?:\w+=\S* +)*(?:\S*/)?bedrock-extproc((?: +(?:'[^']*'|"[^"]*"|[^\s'"|>&;#()]+))+)`)
	word       = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
)

// Every command line on a page has a command, flags and values that exist.
func TestCommandLinesOfPages(t *testing.T) {
	parsed := 0
	for _, file := range page.All(t, "../..") {
		for _, line := range commandLines(page.Read(t, file)) {
			parsed++
			if err := parse(line); err != nil {
				t.Errorf("%s: bedrock-extproc %s: %v", file, strings.Join(line, " "), err)
			}
		}
	}
	if parsed < 40 {
		t.Errorf("only %d command lines", parsed)
	}
}

var (
	flagSpan = regexp.MustCompile("`--?([a-z][a-z0-9-]+)[ =`]")
	// foreign are flags of other programs that pages name alone.
	foreign = []string{"race", "tags", "set-file"} // of go and helm
)

// Every flag that a page names alone exists in some command.
func TestFlagsOfPages(t *testing.T) {
	flags := map[string]bool{}
	for _, cmd := range newRoot(streams{env: noEnv}).Commands() {
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
	}
	for _, file := range page.All(t, "../..") {
		if strings.HasSuffix(file, "tests/fakebedrock/README.md") {
			continue // another program's
		}
		for _, span := range flagSpan.FindAllStringSubmatch(page.Read(t, file), -1) {
			if !flags[span[1]] && !slices.Contains(foreign, span[1]) {
				t.Errorf("%s: no command has the flag %s", file, span[1])
			}
		}
	}
}

// commandLines are the arguments of each invocation in a text: in its blocks for shells
// and in its code.
func commandLines(text string) [][]string {
	var places []string
	for _, block := range page.Blocks(text) {
		if block.Lang == "sh" || block.Lang == "console" {
			places = append(places, strings.ReplaceAll(block.Text, "\\\n", " "))
		}
	}
	for _, span := range codeSpan.FindAllStringSubmatch(page.Prose(text), -1) {
		places = append(places, span[1])
	}
	var lines [][]string
	for _, place := range places {
		for _, found := range invocation.FindAllStringSubmatch(place, -1) {
			if args := word.FindAllString(found[1], -1); args[0] != "COMMAND" {
				lines = append(lines, args)
			}
		}
	}
	return lines
}

// parse reads a command line without running it.
func parse(line []string) error {
	for i := range line {
		line[i] = strings.Trim(line[i], `'"`)
	}
	root := newRoot(streams{env: noEnv})
	root.InitDefaultHelpCmd()
	cmd, args, err := root.Find(withCommand(longFlags(line)))
	if err != nil || cmd != root && len(args) == 0 { // a text names the command
		return err
	}
	if err := cmd.ParseFlags(args); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}
