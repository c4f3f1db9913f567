package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bedrock-extproc/internal/config"
)

// The groups of commands in the help.
const (
	groupRun       = "run"
	groupConfigure = "configure"
	groupTry       = "try"
	groupOther     = "other"
)

// newRoot builds the command line: every command with its flags.
func newRoot(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "bedrock-extproc",
		Short:         "Envoy external processor for Amazon Bedrock",
		Long:          rootHelp,
		Args:          rejectUnknownCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(s.stdin)
	root.SetOut(s.stdout)
	root.SetErr(s.stderr)
	root.AddGroup(
		&cobra.Group{ID: groupRun, Title: "Run:"},
		&cobra.Group{ID: groupConfigure, Title: "Configure and check:"},
		&cobra.Group{ID: groupTry, Title: "Try and measure:"},
		&cobra.Group{ID: groupOther, Title: "Other:"},
	)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(helpCommand())
	root.SetHelpCommandGroupID(groupOther)
	root.SetHelpFunc(printHelp)
	root.SetFlagErrorFunc(explainFlagError)
	root.AddCommand(
		serveCommand(s), runCommand(),
		envoyConfigCommand(), xdsCommand(s), validateCommand(), explainCommand(), doctorCommand(),
		chatCommand(s), benchCommand(),
		completionCommand(), manCommand(), versionCommand(),
	)
	for _, cmd := range root.Commands() {
		cmd.Flags().BoolP("help", "h", false, "print this text")
		nameValues(cmd.Flags())
	}
	root.Flags().BoolP("help", "h", false, "print this text")
	return root
}

// usageError is a wrong command line.
type usageError struct {
	path   string // of the command
	reason error
}

func (e *usageError) Error() string {
	return fmt.Sprintf("%s: %v\nRun \"%s --help\" for its usage.", e.path, e.reason, e.path)
}

func wrongUsage(cmd *cobra.Command, format string, args ...any) error {
	return &usageError{path: cmd.CommandPath(), reason: fmt.Errorf(format, args...)}
}

// rejectUnknownCommand is the check of the root's arguments.
func rejectUnknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, cmd := range root.Commands() {
		if cmd.IsAvailableCommand() {
			names = append(names, cmd.Name())
		}
	}
	return wrongUsage(root, "unknown command %q%s", args[0], didYouMean("", args[0], names))
}

// explainFlagError names the flag that was probably meant.
func explainFlagError(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return wrongUsage(cmd, "%w", err)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return wrongUsage(cmd, "%w%s", err, didYouMean("--", unknown.GetSpecifiedName(), names))
}

func didYouMean(prefix, got string, known []string) string {
	if meant := config.Nearest(got, known); meant != "" {
		return fmt.Sprintf(": did you mean %q?", prefix+meant)
	}
	return ""
}

// arguments is a check of the number of a command's arguments.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > most:
			return wrongUsage(cmd, "unexpected argument %q", args[most])
		case len(args) < least:
			return wrongUsage(cmd, "missing argument: %s", cmd.UseLine())
		}
		return nil
	}
}

// withCommand adds the default command, serve, in front of flags without a command.
func withCommand(args []string) []string {
	switch {
	case len(args) > 0 && args[0] == "--version":
		return append([]string{"version"}, args[1:]...)
	case len(args) > 0 && (args[0] == "" || args[0][0] != '-'), len(args) > 0 && slices.Contains([]string{"-h", "--help"}, args[0]):
		return args
	}
	return append([]string{"serve"}, args...)
}

// longFlags spells flags with two hyphens: -listen is the same as --listen. Flags of one
// letter have one, and nothing after -- is a flag.
func longFlags(args []string) []string {
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return args
	}
	spelled := slices.Clone(args)
	for i, arg := range spelled {
		if arg == "--" {
			break
		}
		if oneHyphen.MatchString(arg) {
			spelled[i] = "-" + arg
		}
	}
	return spelled
}

var oneHyphen = regexp.MustCompile(`^-[a-z][a-z0-9-]+(=|$)`)
