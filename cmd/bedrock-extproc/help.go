package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const rootHelp = `Answer the LLM requests that Envoy receives, by calling Amazon Bedrock.

Without a command, it is "serve". AWS credentials, region and endpoints come from the
standard AWS variables.`

// helpWidth is the longest line of a help text.
const helpWidth = 100

// helpCommand prints the help of all commands, or of one.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "print the commands, or the help of one",
		GroupID: groupOther,
		Args:    arguments(0, 1),
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range cmd.Root().Commands() {
				if !c.Hidden {
					names = append(names, c.Name())
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			named, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return rejectUnknownCommand(cmd.Root(), args)
			}
			return named.Help()
		},
	}
}

// printHelp prints to standard output.
func printHelp(cmd *cobra.Command, _ []string) { fmt.Fprint(cmd.OutOrStdout(), helpText(cmd)) }

// helpText is the help of a command. docs/command-line.md has the same text.
func helpText(cmd *cobra.Command) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\nUsage: %s\n", longText(cmd), useLine(cmd))
	for _, group := range cmd.Groups() {
		fmt.Fprintf(&text, "\n%s\n", group.Title)
		for _, c := range cmd.Commands() {
			if c.GroupID == group.ID && !c.Hidden {
				fmt.Fprintf(&text, "  %-12s  %s\n", c.Name(), c.Short)
			}
		}
	}
	if cmd.HasAvailableLocalFlags() {
		fmt.Fprintf(&text, "\nFlags:\n%s", cmd.LocalFlags().FlagUsagesWrapped(helpWidth))
	}
	if cmd.HasExample() {
		fmt.Fprintf(&text, "\nExamples:\n%s\n", cmd.Example)
	}
	if cmd.HasSubCommands() {
		text.WriteString("\n\"bedrock-extproc COMMAND --help\" describes a command. Flags may have one hyphen or two.\n")
	}
	return text.String()
}

// longText is the description of a command, as sentences.
func longText(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return strings.ToUpper(cmd.Short[:1]) + cmd.Short[1:] + "."
}

// useLine is the synopsis of a command.
func useLine(cmd *cobra.Command) string {
	if cmd.HasSubCommands() {
		return cmd.CommandPath() + " [COMMAND] [flags]"
	}
	return cmd.UseLine()
}
