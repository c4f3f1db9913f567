package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// unpacked unpacks this machine's archive with tar, as a user does, and returns its folder.
func unpacked(t *testing.T) string {
	t.Helper()
	dir, name := t.TempDir(), "bedrock-extproc_dev_"+ownPlatform()
	if out, err := exec.Command("tar", "-xzf", filepath.Join(made, name+".tar.gz"), "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, name)
}

// The program says what it was built from, and the manual page and the completions are
// its own.
func TestUnpacked(t *testing.T) {
	dir := unpacked(t)
	program := filepath.Join(dir, "bedrock-extproc")
	commit, err := exec.Command("git", "log", "-1", "--format=%h", "--abbrev=12").Output()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "version").Output()
	if want := "commit " + strings.TrimSpace(string(commit)) + " of 20"; err != nil || !strings.HasPrefix(string(out), "bedrock-extproc dev go") || !strings.Contains(string(out), want) {
		t.Errorf("version: %v, no %q in\n%s", err, want, out)
	}
	for file, args := range map[string][]string{
		"bedrock-extproc.1":                {"man"},
		"completions/bedrock-extproc.bash": {"completion", "bash"},
		"completions/_bedrock-extproc":     {"completion", "zsh"},
		"completions/bedrock-extproc.fish": {"completion", "fish"},
	} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(program, args...).Output(); err != nil || !bytes.Equal(out, text) {
			t.Errorf("%s is not what %q prints: %v", file, args, err)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if _, err := exec.LookPath(shell); err != nil && shell != "bash" {
			continue // every machine with make has bash
		}
		name := map[string]string{"bash": "bedrock-extproc.bash", "zsh": "_bedrock-extproc", "fish": "bedrock-extproc.fish"}[shell]
		if out, err := exec.Command(shell, "-n", filepath.Join(dir, "completions", name)).CombinedOutput(); err != nil {
			t.Errorf("%s does not read its completion: %v\n%s", shell, err, out)
		}
	}
}

// "run" and "chat" work with nothing but the archive and an Envoy.
func TestFirstRun(t *testing.T) {
	envoy, err := exec.Command("../tests/envoytest/envoy.sh").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := unpacked(t)
	listener := freeAddress(t)
	args := []string{"run", "--envoy", strings.TrimSpace(string(envoy)), "--port", port(listener)}
	for _, flag := range []string{"--envoy-admin-port", "--admin-port", "--bedrock-port"} {
		args = append(args, flag, port(freeAddress(t)))
	}
	system := exec.Command("./bedrock-extproc", args...)
	system.Dir = dir
	out := newOutput("Ready:")
	system.Stdout, system.Stderr = out, out
	if err := system.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- system.Wait() }()
	select {
	case <-out.seen:
	case err := <-ended:
		t.Fatalf("run ended: %v\n%s", err, out)
	case <-time.After(time.Minute):
		_ = system.Process.Kill()
		t.Fatalf("run is not ready\n%s", out)
	}
	chat := exec.Command("./bedrock-extproc", "chat", "--url", "http://"+listener, "What is 2+2?")
	chat.Dir = dir
	if answer, err := chat.CombinedOutput(); err != nil || string(answer) != "2 + 2 = 4.\n" {
		t.Errorf("chat: %v, %q", err, answer)
	}
	if err := system.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v\n%s", err, out)
	}
}

// output collects a process's output, and closes seen when it has a text.
type output struct {
	mu   sync.Mutex
	all  bytes.Buffer
	text string
	seen chan struct{}
	once sync.Once
}

func newOutput(text string) *output { return &output{text: text, seen: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.Write(p)
	if strings.Contains(o.all.String(), o.text) {
		o.once.Do(func() { close(o.seen) })
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// freeAddress is an address of this machine that was just free.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func port(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(fmt.Sprint("no address: ", address))
	}
	return port
}
