// Command bedrock-extproc is an Envoy external processor that answers LLM
// requests from Amazon Bedrock.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The linker sets these; see the Makefile.
var (
	version = "dev"
	commit  = ""
	date    = ""
)

func main() {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		first := <-signals
		cancel(signalError{first})
		os.Exit(signalError{<-signals}.exitCode())
	}()
	os.Exit(run(ctx, os.Args[1:], streams{os.LookupEnv, os.Stdin, os.Stdout, os.Stderr}))
}

// signalError is the cause of a context that a signal has ended.
type signalError struct{ signal os.Signal }

func (e signalError) Error() string { return "interrupted: " + e.signal.String() }

// exitCode is what a shell reports for a process that the signal ended.
func (e signalError) exitCode() int {
	n, _ := e.signal.(syscall.Signal)
	return 128 + int(n)
}

// lookupEnv is os.LookupEnv, or a test's.
type lookupEnv func(key string) (string, bool)

// streams are what a command reads and writes.
type streams struct {
	env            lookupEnv
	stdin          io.Reader
	stdout, stderr io.Writer
}

// errPrinted marks a failure that is printed already.
var errPrinted = errors.New("printed")

// run is the program. It returns one of exitCodes. It ends with ctx.
func run(ctx context.Context, args []string, s streams) int {
	root := newRoot(s) //nolint:contextcheck // cobra passes ctx to the command that runs
	root.SetArgs(withCommand(longFlags(args)))
	err := root.ExecuteContext(ctx)
	signaled, interrupted := errors.AsType[signalError](context.Cause(ctx))
	switch wrong, isUsage := errors.AsType[*usageError](err); {
	case err == nil:
		return 0
	case isUsage:
		fmt.Fprintln(s.stderr, wrong)
		return 2
	case errors.Is(err, errPrinted): // also a sidecar that hangs after a signal
		return 1
	case interrupted:
		return signaled.exitCode()
	}
	fmt.Fprintf(s.stderr, "bedrock-extproc: %v\n", err)
	return 1
}

// exitCodes is the table in docs/command-line.md and in the manual page.
func exitCodes() [][2]string {
	return [][2]string{
		{"0", "success; `serve` and `run`: stopped by a signal, as asked"},
		{"1", "the command failed, or it found what it looks for: `doctor` an error, `validate` a problem, `explain` a request that would be rejected, `bench` a failed call, `chat` a failed answer"},
		{"2", "the command line or a `BEDROCK_EXTPROC_` variable is wrong; nothing was done"},
		{"128 + n", "signal number n ended the command before it was done (130 is Ctrl-C), or was the second signal that `serve` got"},
	}
}
