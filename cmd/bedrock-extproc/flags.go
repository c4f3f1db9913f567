package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// envPrefix turns a flag's name into that of its environment variable.
const envPrefix = "BEDROCK_EXTPROC_"

// parse reads a command's flags, with defaults from the environment. It accepts no
// positional arguments. It prints errors and returns errUsage.
func parse(fs *flag.FlagSet, args []string, env lookupEnv, stderr io.Writer) error {
	fs.SetOutput(stderr)
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
		return errUsage
	}
	return nil
}

// setFromEnv applies the variables that are set. The error names all problems.
func setFromEnv(fs *flag.FlagSet, env lookupEnv) error {
	var problems []error
	fs.VisitAll(func(f *flag.Flag) {
		name := envPrefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if text, ok := env(name); ok {
			if err := f.Value.Set(text); err != nil {
				problems = append(problems, fmt.Errorf("invalid %s=%q: %w", name, text, err))
			}
		}
	})
	return errors.Join(problems...)
}
