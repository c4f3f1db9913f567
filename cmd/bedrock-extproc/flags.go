package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"bedrock-extproc/internal/config"
)

// envPrefix turns a flag's name into that of its environment variable.
const envPrefix = "BEDROCK_EXTPROC_"

// choice is a flag that has one of a few values.
type choice struct {
	value   *string
	allowed []string
}

func (c choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

func (c choice) Set(text string) error {
	if !slices.Contains(c.allowed, text) {
		return fmt.Errorf("not one of %s", strings.Join(c.allowed, ", "))
	}
	*c.value = text
	return nil
}

// Type implements pflag.Value. It stands in the help.
func (c choice) Type() string { return strings.Join(c.allowed, "|") }

// named is a flag's value with a name in the help. Backquotes in the usage would name it
// as well, but shells would show them beside completions.
type named struct {
	pflag.Value
	name string
}

func (n named) Type() string { return n.name }

// nameValues moves the names of values out of the usages of a command's flags.
func nameValues(fs *pflag.FlagSet) {
	fs.VisitAll(func(f *pflag.Flag) {
		if name, usage := pflag.UnquoteUsage(f); usage != f.Usage {
			f.Value, f.Usage = named{f.Value, name}, usage
		}
		if f.DefValue == "[]" {
			f.DefValue = "" // an empty list is not worth telling
		}
	})
}

// addChoice defines a flag that has one of the allowed values; the first is the default.
// Shells complete them.
func addChoice(cmd *cobra.Command, value *string, name, shorthand, usage string, allowed ...string) {
	*value = allowed[0]
	cmd.Flags().VarP(choice{value, allowed}, name, shorthand, usage)
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp)) // fails only for a flag that does not exist
}

// The values of -o.
const (
	outputText = "text"
	outputJSON = "json"
	outputYAML = "yaml"
)

// addOutput defines -o.
func addOutput(cmd *cobra.Command, value *string, allowed ...string) {
	addChoice(cmd, value, "output", "o", "format of the output", allowed...)
}

// writeJSON prints a value for readers and programs, as -o json and /debug/config do.
func writeJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

// warnUnknownVariables logs the variables with envPrefix that set none of the flags.
// They are not errors: Kubernetes and Docker also make variables of a service's name,
// and those are left out.
func warnUnknownVariables(fs *pflag.FlagSet, environment []string, log *zap.Logger) {
	var known []string
	fs.VisitAll(func(f *pflag.Flag) { known = append(known, strings.TrimPrefix(variableOf(f.Name), envPrefix)) })
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		rest, ours := strings.CutPrefix(name, envPrefix)
		if !ours || slices.Contains(known, rest) || serviceVariable.MatchString(rest) {
			continue
		}
		fields := []zap.Field{zap.String("variable", name)}
		if meant := config.Nearest(rest, known); meant != "" {
			fields = append(fields, zap.String("did_you_mean", envPrefix+meant))
		}
		log.Warn("environment variable ignored: no flag has this name", fields...)
	}
}

// serviceVariable is the part after the service's name in the variables that
// Kubernetes and Docker set.
var serviceVariable = regexp.MustCompile(`^(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_.*)?)?|NAME|ENV_.*)$`)

// variableOf is the environment variable of a flag.
func variableOf(flagName string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_"))
}

// setFromEnv applies the variables that are set. The error names all problems.
func setFromEnv(fs *pflag.FlagSet, env lookupEnv) error {
	var problems []error
	fs.VisitAll(func(f *pflag.Flag) {
		name := variableOf(f.Name)
		if text, ok := env(name); ok {
			if err := f.Value.Set(text); err != nil {
				problems = append(problems, fmt.Errorf("invalid %s=%q: %w", name, text, err))
			}
		}
	})
	return errors.Join(problems...)
}
