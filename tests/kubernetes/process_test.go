package kubernetes

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// limit is the timeout of every wait.
const limit = 30 * time.Second

// build compiles a program of the project.
func build(t testing.TB, pkg string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), filepath.Base(pkg))
	out, err := exec.CommandContext(t.Context(), "go", "build", "-C", "../..", "-o", program, pkg).CombinedOutput()
	if err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return program
}

// envoyBinary returns the path of Envoy from ENVOY_BIN.
func envoyBinary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("ENVOY_BIN")
	if path == "" {
		t.Fatal("set ENVOY_BIN to the path of Envoy 1.37 or newer")
	}
	return path
}

// process is a program that runs until the test ends.
type process struct {
	cmd    *exec.Cmd
	output string // file with its output
	done   chan struct{}
}

// start starts a command. A failed test prints its output.
func start(t testing.TB, env []string, command ...string) *process {
	t.Helper()
	p := &process{output: filepath.Join(t.TempDir(), "output"), done: make(chan struct{})}
	output, err := os.Create(p.output)
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()                             // the process has its own descriptor
	p.cmd = exec.Command(command[0], command[1:]...) //nolint:noctx // stopped in the cleanup
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	p.cmd.Stdout, p.cmd.Stderr = output, output
	p.cmd.SysProcAttr = childAttributes()
	started := make(chan error)
	go p.follow(started)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if t.Failed() {
			text := readFile(t, p.output)
			t.Logf("last output of %v:\n%s", command, text[max(0, len(text)-4000):])
		}
	})
	return p
}

// follow starts the process and waits for it, on a thread that lives as long.
func (p *process) follow(started chan<- error) {
	defer close(p.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		_ = p.cmd.Wait() // its output shows how it ended
	}
}

// await calls ask until it succeeds. It fails if the process ends.
func (p *process) await(t testing.TB, ask func() error) {
	t.Helper()
	until(t, func() error {
		select {
		case <-p.done:
			t.Fatalf("%s has ended", p.cmd.Path)
		default:
		}
		return ask()
	})
}

// end sends SIGTERM, like a kubelet, and waits for the process.
func (p *process) end(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(limit):
		t.Fatalf("%s does not end", p.cmd.Path)
	}
}

// until calls ask until it succeeds.
func until(t testing.TB, ask func() error) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-timer.C:
			t.Fatal(err)
		case <-ticker.C:
		}
	}
}

// get returns the body of a page. The status must be 200.
func get(url string) (string, error) {
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, resp.Status, body)
	}
	return string(body), err
}

func connects(address string) error {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return err
	}
	return conn.Close()
}

// freePorts returns a free port for each of the wanted ones. They are below the
// ephemeral port range, so that no other process gets them before they are used.
func freePorts(t testing.TB, wanted ...string) map[string]string {
	t.Helper()
	free := map[string]string{}
	for range 100 {
		if len(free) == len(wanted) {
			return free
		}
		port := fmt.Sprint(16384 + rand.IntN(16384))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			defer l.Close() // all at last, so that none comes twice
			free[wanted[len(free)]] = port
		}
	}
	t.Fatal("no ports are free")
	return nil
}
