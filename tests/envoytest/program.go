package envoytest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Run starts a program, with env added to the test's environment, and waits until it
// listens at address (host:port or unix:///path). The program is killed at the end of
// the test. A failed test prints its output.
func Run(t testing.TB, address string, env []string, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...) //nolint:noctx // killed at the end of the test
	cmd.Env = append(os.Environ(), env...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	done, err := Spawn(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(program), log.String())
		}
	})
	awaitListening(t, address)
}

// Spawn starts a process that ends with this one, on Linux even if this one is killed.
// done is closed when the process has ended.
func Spawn(cmd *exec.Cmd) (done <-chan struct{}, err error) {
	cmd.SysProcAttr = childAttributes()
	ended, started := make(chan struct{}), make(chan error)
	go follow(cmd, started, ended)
	return ended, <-started
}

// follow starts the process and waits for it, on a thread that lives as long.
func follow(cmd *exec.Cmd, started chan<- error, ended chan<- struct{}) {
	defer close(ended)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	started <- err
	if err == nil {
		_ = cmd.Wait() // its log shows how it ended
	}
}

func awaitListening(t testing.TB, address string) {
	t.Helper()
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix://"); ok {
		network, address = "unix", path
	}
	for deadline := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial(network, address) //nolint:noctx // on this machine
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing listens at %s: %v", address, err)
		}
	}
}
