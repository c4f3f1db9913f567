// Command demo implements "make run". It runs a fake Bedrock (or uses the real one),
// the sidecar and Envoy on one machine, in the foreground. It prints requests to try,
// and leaves no process behind.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	// The kernel kills children when the thread that started them ends (see
	// child_linux.go). The main thread lives as long as the program.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintf(os.Stderr, "demo: %v\n", err)
		os.Exit(1)
	}
}

// settings are the parsed flags. All ports are on loopback.
type settings struct {
	bin        string // folder of bedrock-extproc and fakebedrock
	envoy      string // Envoy's binary
	port       int
	envoyAdmin int
	admin      int
	bedrock    int
	config     string // the sidecar's configuration file; "" for none
	aws        bool   // use the real Bedrock
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	fs.StringVar(&s.bin, "bin", "bin", "folder of the built programs")
	fs.StringVar(&s.envoy, "envoy", "envoy", "Envoy's binary")
	fs.IntVar(&s.port, "port", 8000, "Envoy's listener (make run PORT=…)")
	fs.IntVar(&s.envoyAdmin, "envoy-admin-port", 9901, "Envoy's admin port (ENVOY_ADMIN_PORT=…)")
	fs.IntVar(&s.admin, "admin-port", 9003, "the sidecar's admin port (ADMIN_PORT=…)")
	fs.IntVar(&s.bedrock, "bedrock-port", 9004, "the fake Bedrock's port (BEDROCK_PORT=…)")
	fs.StringVar(&s.config, "config", "", "the sidecar's configuration file (CONFIG=…)")
	fs.BoolVar(&s.aws, "aws", false, "use the real Amazon Bedrock (AWS=1)")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if err := s.checkPorts(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bedrock-extproc-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a leftover temporary folder is harmless
	return s.runIn(ctx, dir, out)
}

// runIn starts the processes with files in dir, waits until they are ready, and
// returns when ctx or a process ends.
func (s *settings) runIn(ctx context.Context, dir string, out io.Writer) (err error) {
	processes := &group{out: out, ended: make(chan error, 3)}
	defer processes.stop()
	if s.aws {
		defer sayAccount(ctx, processes)()
	}
	if err := s.start(ctx, processes, dir); err != nil {
		return err
	}
	if err := s.awaitReady(ctx, processes); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if _, err := fmt.Fprint(out, s.welcome()); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "stopping")
		return nil
	case err := <-processes.ended:
		return err
	}
}

// sayAccount prints the account's lines when they are known. The result ends this.
func sayAccount(ctx context.Context, g *group) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, line := range account(ctx) {
			if ctx.Err() == nil {
				g.say("aws", line)
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}
