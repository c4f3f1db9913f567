package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// isHelp reports whether a first argument asks for help with all commands.
func isHelp(arg string) bool {
	return slices.Contains([]string{"help", "-h", "-help", "--help"}, arg)
}

// help prints all commands, or the usage of one.
func help(ctx context.Context, args []string, s streams) int {
	switch {
	case len(args) == 0, len(args) == 1 && isHelp(args[0]):
		fmt.Fprint(s.stdout, usage())
		return 0
	case len(args) > 1:
		fmt.Fprintf(s.stderr, "bedrock-extproc help: unexpected argument %q\n\n%s", args[1], usage())
		return 2
	}
	c, ok := findCommand(args[0])
	if !ok {
		return unknownCommand(args[0], s.stderr)
	}
	s.stderr = s.stdout
	return exitCode(c.run(ctx, []string{"-h"}, s), s.stderr)
}

// usage lists the commands.
func usage() string {
	var list strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&list, "  %-12s  %s\n", c.name, c.summary)
	}
	return `Usage: bedrock-extproc [command] [flags]

Commands:
` + list.String() + `  help          print this text, or the usage of a command

"bedrock-extproc help COMMAND" lists a command's flags. Environment variables set the
defaults of serve's flags: BEDROCK_EXTPROC_DRAIN_DELAY sets -drain-delay.
serve logs a warning for a variable of this kind that sets no flag.
AWS credentials, region and endpoints come from the standard AWS variables.
`
}
