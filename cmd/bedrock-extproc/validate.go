package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"bedrock-extproc/internal/config"
	"bedrock-extproc/internal/gateway"
)

func validateCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "validate FILE", Short: "check a configuration file", GroupID: groupConfigure, Args: arguments(1, 1),
		Long: "Check a configuration file as serve would in this environment, and print all of its problems,\neach with its line.",
		RunE: func(cmd *cobra.Command, args []string) error {
			v := validate(cmd.Context(), args[0])
			if output == outputJSON {
				return v.writeJSON(cmd.OutOrStdout())
			}
			return v.writeText(cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	addOutput(cmd, &output, outputText, outputJSON)
	return cmd
}

// validation is what validate has found. Problems start with a file and, where there is
// one, the line.
type validation struct {
	File     string             `json:"file"`
	Valid    bool               `json:"valid"`
	Problems []string           `json:"problems"`
	Warnings []string           `json:"warnings"`
	Default  string             `json:"default,omitempty"`
	Backends []validatedBackend `json:"backends"`
}

type validatedBackend struct {
	Name   string `json:"name"`
	Region string `json:"region"`
}

// validate checks a file as serve would, in this environment.
func validate(ctx context.Context, file string) *validation {
	v := &validation{File: file, Problems: []string{}, Warnings: []string{}, Backends: []validatedBackend{}}
	cfg, g, err := load(ctx, file)
	if err != nil {
		v.Problems = strings.Split(err.Error(), "\n")
		return v
	}
	v.Valid = true
	v.Warnings = append(v.Warnings, cfg.Warnings...)
	v.Default = g.Backends().Default()
	for _, b := range g.Backends().All() {
		v.Backends = append(v.Backends, validatedBackend{b.Name(), b.Region()})
	}
	return v
}

// writeText prints problems and warnings to stderr, and a summary of a valid file to
// stdout.
func (v *validation) writeText(stdout, stderr io.Writer) error {
	for _, problem := range v.Problems {
		fmt.Fprintln(stderr, problem)
	}
	for _, warning := range v.Warnings {
		fmt.Fprintf(stderr, "%s: warning: %s\n", v.File, warning)
	}
	if !v.Valid {
		return fmt.Errorf("%s is not valid, see above (problems: %d)", v.File, len(v.Problems))
	}
	var list []string
	for _, b := range v.Backends {
		list = append(list, fmt.Sprintf("%s in %s", b.Name, b.Region))
	}
	fmt.Fprintf(stdout, "%s: OK: default %s of %s\n", v.File, v.Default, strings.Join(list, ", "))
	return nil
}

// writeJSON prints everything to stdout.
func (v *validation) writeJSON(stdout io.Writer) error {
	if err := writeJSON(stdout, v); err != nil || v.Valid {
		return err
	}
	return errPrinted
}

// load builds everything that serve would, without the listeners.
func load(ctx context.Context, file string) (*config.Config, *gateway.Gateway, error) {
	return gateway.Load(ctx, file, gateway.Options{AppID: appID(), Log: zap.NewNop()})
}
