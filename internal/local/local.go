// Package local runs Envoy, the sidecar and a Bedrock on one machine, in the
// foreground, to try them: the real Bedrock or the stand-in of tests. Envoy and the
// sidecar are processes of their own, as in production, so that the failure of one is
// seen as what it is. All ports are on loopback, and no process is left behind.
package local

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
)

// Settings choose what Run runs. All ports are required.
type Settings struct {
	Program    string // the file of bedrock-extproc, which is started as the sidecar
	Envoy      string // Envoy's binary; "" looks on PATH
	Port       int    // of Envoy's listener
	EnvoyAdmin int    // port of Envoy's admin interface
	Admin      int    // port of the sidecar's admin interface
	Bedrock    int    // port of the stand-in
	Config     string // the sidecar's configuration file; "" for none
	AWS        bool   // use the real Amazon Bedrock
}

// Run runs everything until ctx ends, which is a success, or a process ends. It prints
// the output of the processes, each line with the name of its process, and requests to
// try.
func Run(ctx context.Context, s Settings, out io.Writer) error {
	// The kernel kills the processes when the thread that started them ends, see
	// child_linux.go. This one must live as long as Run.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := s.checkPorts(ctx); err != nil {
		return err
	}
	if err := s.findEnvoy(ctx); err != nil {
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
func (s *Settings) runIn(ctx context.Context, dir string, out io.Writer) (err error) {
	processes := &group{out: out, ended: make(chan error, 3)}
	if !s.AWS {
		stop, err := s.startStandIn(ctx, processes)
		if err != nil {
			return err
		}
		defer stop()
	}
	defer processes.stop()
	if s.AWS {
		defer sayAccount(ctx, processes)()
	}
	if err := s.start(processes, dir); err != nil {
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
