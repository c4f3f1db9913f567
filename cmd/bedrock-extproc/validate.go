package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"go.uber.org/zap"

	"bedrock-extproc/internal/config"
)

// validate says whether serve could use a file, in this environment, and
// everything that is wrong with it.
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
	cfg, s, err := loadValid(ctx, file)
	if err != nil {
		problems := strings.Split(err.Error(), "\n")
		for _, problem := range problems {
			fmt.Fprintln(stderr, problem)
		}
		return fmt.Errorf("%s cannot be used, see above (%d)", file, len(problems))
	}
	for _, warning := range cfg.Warnings {
		fmt.Fprintf(stderr, "%s: warning: %s\n", file, warning)
	}
	fmt.Fprintf(stdout, "%s: OK: %s\n", file, summary(s))
	return nil
}

func loadValid(ctx context.Context, file string) (*config.Config, *service, error) {
	cfg, err := loadConfig(ctx, file, zap.NewNop())
	if err != nil {
		return nil, nil, err
	}
	s, err := newService(ctx, cfg, zap.NewNop())
	return cfg, s, err
}

// summary names the backends and where they are.
func summary(s *service) string {
	var list []string
	for _, b := range s.backends.All() {
		list = append(list, fmt.Sprintf("%s in %s", b.Name(), b.Region()))
	}
	return fmt.Sprintf("default %s of %s", s.backends.Default(), strings.Join(list, ", "))
}
