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

// Run starts a program beside Envoy, with env added to the test's own, waits until it
// listens at address, host:port or unix:///path, and ends it with the test. A failed
// test prints what it wrote.
func Run(t testing.TB, address string, env []string, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...) //nolint:noctx // it ends with the test
	cmd.Env = append(os.Environ(), env...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	done, err := spawn(cmd)
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

// spawn starts a process that ends no later than this one, even if this one is
// killed (on Linux). done is closed when it has ended.
func spawn(cmd *exec.Cmd) (done <-chan struct{}, err error) {
	cmd.SysProcAttr = childAttributes()
	ended, started := make(chan struct{}), make(chan error)
	go follow(cmd, started, ended)
	return ended, <-started
}

// follow starts the process and stays with it, on a thread that lives as long.
func follow(cmd *exec.Cmd, started chan<- error, ended chan<- struct{}) {
	defer close(ended)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	started <- err
	if err == nil {
		_ = cmd.Wait() // how it ended shows in its log
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
			t.Fatalf("nobody listens: %v", err)
		}
	}
}
