// Package envoytest runs a real Envoy and the programs it calls for the duration of a
// test, on free ports, and keeps their logs.
package envoytest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"

	"bedrock-extproc/envoy"
)

// limit is the timeout of every wait for Envoy.
const limit = 20 * time.Second

// errEnded reports an Envoy process that exited early.
var errEnded = errors.New("envoy ended")

// Envoy is a running Envoy. Its methods may be used concurrently.
type Envoy struct {
	// URL is the listener for clients, such as http://127.0.0.1:41234.
	URL string
	// Admin is the admin interface's URL.
	Admin string

	cmd  *exec.Cmd
	done <-chan struct{}
	dir  string // its configuration and logs
}

// Start runs Envoy with package envoy's configuration for a sidecar at extProc, and
// waits until it is ready. edit, if not nil, changes the configuration first. flags
// are additional flags for Envoy; the default for --concurrency is 2. The
// configuration and logs are kept in the test's artifacts ("go test -artifacts"), and
// a failed test prints the log.
func Start(t testing.TB, extProc string, edit func(*bootstrapv3.Bootstrap), flags ...string) *Envoy {
	t.Helper()
	dir, err := os.MkdirTemp(t.ArtifactDir(), "envoy-") //nolint:usetesting // kept with the artifacts
	if err != nil {
		t.Fatal(err)
	}
	e := &Envoy{dir: dir}
	bootstrap, err := envoy.Bootstrap(envoy.Config{
		Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", ExtProc: extProc, AccessLog: e.file("access.log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(bootstrap)
	}
	if err := e.run(Binary(t), bootstrap, flags); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.stop(t) })
	if err := e.awaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *Envoy) file(name string) string { return filepath.Join(e.dir, name) }

// run starts the process. The caller must call stop.
func (e *Envoy) run(binary string, bootstrap *bootstrapv3.Bootstrap, flags []string) error {
	config, err := envoy.YAML(bootstrap)
	if err != nil {
		return err
	}
	if err := os.WriteFile(e.file("envoy.yaml"), config, 0o600); err != nil {
		return err
	}
	log, err := os.Create(e.file("envoy.log"))
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own descriptor
	args := append([]string{
		"-c", e.file("envoy.yaml"), "--admin-address-path", e.file("admin"),
		"--disable-hot-restart", "--log-level", "warn", "--file-flush-interval-msec", "50",
	}, flags...)
	if !slices.Contains(flags, "--concurrency") {
		args = append(args, "--concurrency", "2")
	}
	e.cmd = exec.Command(binary, args...) //nolint:noctx // it ends in stop
	e.cmd.Stdout, e.cmd.Stderr = log, log
	e.done, err = Spawn(e.cmd)
	return err
}

// stop kills the process, and prints its log if the test failed.
func (e *Envoy) stop(t testing.TB) {
	_ = e.cmd.Process.Kill() // no graceful shutdown needed
	<-e.done
	if t.Failed() {
		t.Logf("Envoy:\n%s", e.log())
	}
}

// log returns Envoy's log.
func (e *Envoy) log() string {
	text, err := os.ReadFile(e.file("envoy.log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// awaitReady waits until ready succeeds. It returns ready's last error.
func (e *Envoy) awaitReady(ctx context.Context) error {
	if err := e.await(ctx, e.ready); err != nil {
		return fmt.Errorf("envoy is not ready: %w", err)
	}
	return nil
}

// await calls ask until it succeeds. On timeout it returns ask's last error.
func (e *Envoy) await(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for last := error(nil); ; {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil {
			last = err // after the timeout, errors only report the timeout
		}
		select {
		case <-e.done:
			return fmt.Errorf("%w:\n%s", errEnded, e.log())
		case <-ctx.Done():
			return last
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Signal sends the process a signal.
func (e *Envoy) Signal(t testing.TB, sig os.Signal) {
	t.Helper()
	if err := e.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}
