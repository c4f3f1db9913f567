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
	"syscall"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := run(ctx, os.Args[1:], os.LookupEnv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// lookupEnv is os.LookupEnv, or a test's.
type lookupEnv func(key string) (string, bool)

// errUsage marks an invalid command line. Its usage is printed already.
var errUsage = errors.New("wrong usage")

// run is the program. It returns the exit code: 0 for success, 1 for a failure,
// 2 for an invalid command line. It ends with ctx.
func run(ctx context.Context, args []string, env lookupEnv, stdin io.Reader, stdout, stderr io.Writer) int {
	name, rest := "serve", args
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, rest = args[0], args[1:]
	}
	var err error
	switch name {
	case "serve":
		err = serve(ctx, rest, env, stderr)
	case "doctor":
		err = runDoctor(ctx, rest, stdin, stdout, stderr)
	case "envoy-config":
		err = envoyConfig(rest, stdout, stderr)
	case "xds":
		err = xds(ctx, rest, stderr)
	case "explain":
		err = explain(ctx, rest, stdin, stdout, stderr)
	case "validate":
		err = validate(ctx, rest, stdout, stderr)
	case "version":
		_, err = fmt.Fprintln(stdout, versionText())
	case "help":
		_, err = fmt.Fprint(stdout, usage)
	default:
		fmt.Fprintf(stderr, "bedrock-extproc: unknown command %q\n\n%s", name, usage)
		return 2
	}
	return exitCode(err, stderr)
}

func exitCode(err error, stderr io.Writer) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	default:
		fmt.Fprintf(stderr, "bedrock-extproc: %v\n", err)
		return 1
	}
}

const usage = `Usage: bedrock-extproc [command] [flags]

Commands:
  serve         answer Envoy's ext_proc calls from Amazon Bedrock (the default)
  doctor        check an Envoy's configuration for mistakes that break the sidecar
  envoy-config  print an Envoy configuration that uses the sidecar
  xds           serve the same configuration by xDS
  explain       print what would be sent to Bedrock for a chat request
  validate      check a configuration file
  version       print the version
  help          print this text

"bedrock-extproc COMMAND -h" lists a command's flags. Environment variables set the
defaults of serve's flags: BEDROCK_EXTPROC_DRAIN_DELAY sets -drain-delay.
AWS credentials, region and endpoints come from the standard AWS variables.
`
