package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand prints the manual page, for packages. "make man" writes it to a file.
func manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man", Short: "print the manual page", Hidden: true, Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), manPage(cmd.Root()))
			return err
		},
	}
}

// manPage is the manual page of all commands, for troff's macros "man".
func manPage(root *cobra.Command) string {
	var page strings.Builder
	fmt.Fprintf(&page, ".TH BEDROCK\\-EXTPROC 1 \"%s\" \"bedrock-extproc %s\"\n", roff(date), roff(version))
	fmt.Fprintf(&page, ".SH NAME\nbedrock-extproc \\- %s\n", roff(root.Short))
	fmt.Fprintf(&page, ".SH SYNOPSIS\n.B bedrock-extproc\n[COMMAND] [flags]\n.SH DESCRIPTION\n%s\n.SH COMMANDS\n", roff(root.Long))
	for _, group := range root.Groups() {
		for _, cmd := range root.Commands() {
			if cmd.GroupID == group.ID {
				writeManCommand(&page, cmd)
			}
		}
	}
	page.WriteString(".SH EXIT STATUS\n")
	for _, row := range exitCodes() {
		fmt.Fprintf(&page, ".TP\n%s\n%s\n", row[0], roff(strings.ReplaceAll(row[1], "`", "")))
	}
	return page.String()
}

func writeManCommand(page *strings.Builder, cmd *cobra.Command) {
	// Lines of the description stay lines: they hold commands and lists.
	fmt.Fprintf(page, ".SS %s\n.nf\n%s\n.fi\n", roff(strings.TrimPrefix(cmd.UseLine(), "bedrock-extproc ")), roff(longText(cmd)))
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if f.DefValue != "" && f.DefValue != "false" {
			usage += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(page, ".TP\n\\fB%s\\fR %s\n%s\n", roff(name), roff(value), roff(usage))
	})
	if cmd.Example != "" {
		fmt.Fprintf(page, ".PP\nExamples:\n.nf\n%s\n.fi\n", roff(cmd.Example))
	}
}

// roff escapes text for troff.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
