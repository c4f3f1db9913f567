// Command bedrock-extproc is an Envoy external processor that answers LLM
// requests from Amazon Bedrock.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		if second, ok := (<-signals).(syscall.Signal); ok {
			os.Exit(128 + int(second)) // as a shell reports a process that a signal ended
		}
	}()
	os.Exit(run(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr))
}

// lookupEnv is os.LookupEnv, or a test's.
type lookupEnv func(key string) (string, bool)

var (
	// errUsage marks an invalid command line. Its usage is printed already.
	errUsage = errors.New("wrong usage")
	// errPrinted marks a failure that is printed already.
	errPrinted = errors.New("printed")
)

// A command is a subcommand.
type command struct {
	name, summary string
	run           func(context.Context, []string, streams) error
}

// streams are what a command reads and writes.
type streams struct {
	env            lookupEnv
	stdin          io.Reader
	stdout, stderr io.Writer
}

// commands are all but help, the default first.
func commands() []command {
	return []command{
		{"serve", "answer Envoy's ext_proc calls from Amazon Bedrock (the default)", func(ctx context.Context, args []string, s streams) error {
			return serve(ctx, args, s.env, s.stderr)
		}},
		{"doctor", "check an Envoy's configuration for mistakes that break the sidecar", func(ctx context.Context, args []string, s streams) error {
			return runDoctor(ctx, args, s.stdin, s.stdout, s.stderr)
		}},
		{"envoy-config", "print an Envoy configuration that uses the sidecar", func(_ context.Context, args []string, s streams) error {
			return envoyConfig(args, s.stdout, s.stderr)
		}},
		{"xds", "serve the same configuration by xDS", func(ctx context.Context, args []string, s streams) error {
			return xds(ctx, args, s.stderr)
		}},
		{"explain", "print what would be sent to Bedrock for a request", func(ctx context.Context, args []string, s streams) error {
			return explain(ctx, args, s.stdin, s.stdout, s.stderr)
		}},
		{"validate", "check a configuration file", func(ctx context.Context, args []string, s streams) error {
			return validate(ctx, args, s.stdout, s.stderr)
		}},
		{"version", "print the version", func(_ context.Context, args []string, s streams) error {
			return printVersion(args, s.stdout, s.stderr)
		}},
	}
}

// run is the program. It returns the exit code: 0 for success, 1 for a failure,
// 2 for an invalid command line. It ends with ctx.
func run(ctx context.Context, args []string, env lookupEnv, stdin io.Reader, stdout, stderr io.Writer) int {
	s := streams{env, stdin, stdout, stderr}
	name, rest := "serve", args
	if len(args) > 0 && (isHelp(args[0]) || args[0] != "" && args[0][0] != '-') {
		name, rest = args[0], args[1:]
	}
	if isHelp(name) {
		return help(ctx, rest, s)
	}
	c, ok := findCommand(name)
	if !ok {
		return unknownCommand(name, stderr)
	}
	return exitCode(c.run(ctx, rest, s), stderr)
}

func findCommand(name string) (command, bool) {
	list := commands()
	i := slices.IndexFunc(list, func(c command) bool { return c.name == name })
	if i < 0 {
		return command{}, false
	}
	return list[i], true
}

func unknownCommand(name string, stderr io.Writer) int {
	fmt.Fprintf(stderr, "bedrock-extproc: unknown command %q\n\n%s", name, usage())
	return 2
}

func exitCode(err error, stderr io.Writer) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	case errors.Is(err, errPrinted):
		return 1
	default:
		fmt.Fprintf(stderr, "bedrock-extproc: %v\n", err)
		return 1
	}
}
