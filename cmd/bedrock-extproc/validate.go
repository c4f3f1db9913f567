package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"go.uber.org/zap"

	"bedrock-extproc/internal/bedrock"
	"bedrock-extproc/internal/config"
	"bedrock-extproc/internal/gateway"
)

// validate checks a file as serve would, in this environment, and prints all of its
// problems.
func validate(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("validate", flag.ContinueOnError)
	fs.Usage = func() { fmt.Fprintln(stderr, "Usage: bedrock-extproc validate FILE") }
	fs.SetOutput(stderr)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return errUsage
	case fs.NArg() != 1:
		fs.Usage()
		return errUsage
	}
	file := fs.Arg(0)
	cfg, g, err := load(ctx, file)
	if err != nil {
		problems := strings.Split(err.Error(), "\n")
		for _, problem := range problems {
			fmt.Fprintln(stderr, problem)
		}
		return fmt.Errorf("%s is not valid, see above (problems: %d)", file, len(problems))
	}
	for _, warning := range cfg.Warnings {
		fmt.Fprintf(stderr, "%s: warning: %s\n", file, warning)
	}
	fmt.Fprintf(stdout, "%s: OK: %s\n", file, summary(g.Backends()))
	return nil
}

// load builds everything that serve would, without the listeners.
func load(ctx context.Context, file string) (*config.Config, *gateway.Gateway, error) {
	return gateway.Load(ctx, file, gateway.Options{AppID: appID(), Log: zap.NewNop()})
}

// summary names the backends and their regions.
func summary(backends *bedrock.Backends) string {
	var list []string
	for _, b := range backends.All() {
		list = append(list, fmt.Sprintf("%s in %s", b.Name(), b.Region()))
	}
	return fmt.Sprintf("default %s of %s", backends.Default(), strings.Join(list, ", "))
}
