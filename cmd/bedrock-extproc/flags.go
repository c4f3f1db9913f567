package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.uber.org/zap"

	"bedrock-extproc/internal/config"
)

// envPrefix turns a flag's name into that of its environment variable.
const envPrefix = "BEDROCK_EXTPROC_"

// parse reads a command's flags, with defaults from the environment. It accepts no
// positional arguments. It prints errors with the usage and returns errUsage.
func parse(fs *flag.FlagSet, args []string, env lookupEnv, stderr io.Writer) error {
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprintf(stderr, "Usage: bedrock-extproc %s [flags]\n\n", fs.Name())
		fs.PrintDefaults()
	}
	if err := setFromEnv(fs, env); err != nil {
		fmt.Fprintf(stderr, "bedrock-extproc: %v\n", err)
		return errUsage
	}
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return errUsage // Parse has printed it
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "bedrock-extproc %s: unexpected argument %q\n", fs.Name(), fs.Arg(0))
		fs.Usage()
		return errUsage
	}
	return nil
}

// warnUnknownVariables logs the variables with envPrefix that set none of the flags.
// They are not errors: Kubernetes and Docker also make variables of a service's name,
// and those are left out.
func warnUnknownVariables(fs *flag.FlagSet, environment []string, log *zap.Logger) {
	var known []string
	fs.VisitAll(func(f *flag.Flag) { known = append(known, strings.TrimPrefix(variableOf(f.Name), envPrefix)) })
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
func setFromEnv(fs *flag.FlagSet, env lookupEnv) error {
	var problems []error
	fs.VisitAll(func(f *flag.Flag) {
		name := variableOf(f.Name)
		if text, ok := env(name); ok {
			if err := f.Value.Set(text); err != nil {
				problems = append(problems, fmt.Errorf("invalid %s=%q: %w", name, text, err))
			}
		}
	})
	return errors.Join(problems...)
}
