// Package envoytest starts a real Envoy for tests: on free ports, with its logs
// kept, and ended with the test.
package envoytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"

	"bedrock-extproc/envoy"
)

// readyLimit bounds Envoy's start.
const readyLimit = 20 * time.Second

// Binary is the path of an Envoy to test with: $ENVOY_BIN, else what envoy.sh
// finds or installs. A test without an Envoy fails.
func Binary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("ENVOY_BIN"); path != "" {
		return path
	}
	_, file, _, _ := runtime.Caller(0)
	cmd := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(file), "envoy.sh"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("no Envoy: %v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// Validate asks Envoy whether it accepts a configuration in YAML.
func Validate(t testing.TB, config []byte) error {
	t.Helper()
	file := filepath.Join(t.TempDir(), "envoy.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), Binary(t), "--mode", "validate", "-c", file, "--log-level", "warn").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// Envoy is a running Envoy.
type Envoy struct {
	// URL is the listener for clients, such as http://127.0.0.1:41234.
	URL string
	// Admin is the admin interface's URL.
	Admin string

	cmd    *exec.Cmd
	done   chan struct{}
	stderr buffer
	access string
}

// Start runs Envoy with the configuration that package envoy makes for a sidecar
// at extProc, and waits until it is ready. edit may change the configuration
// before; nil leaves it.
func Start(t testing.TB, extProc string, edit func(*bootstrapv3.Bootstrap)) *Envoy {
	t.Helper()
	dir := t.TempDir()
	e := &Envoy{done: make(chan struct{}), access: filepath.Join(dir, "access.log")}
	bootstrap, err := envoy.Bootstrap(envoy.Config{Listen: "127.0.0.1:0", Admin: "127.0.0.1:0", ExtProc: extProc, AccessLog: e.access})
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(bootstrap)
	}
	config, err := envoy.YAML(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.start(t, dir, config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.stop(t) })
	if err := e.awaitReady(t.Context(), filepath.Join(dir, "admin")); err != nil {
		t.Fatalf("Envoy is not ready: %v\n%s", err, e.stderr.String())
	}
	return e
}

func (e *Envoy) start(t testing.TB, dir string, config []byte) error {
	file := filepath.Join(dir, "envoy.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return err
	}
	e.cmd = exec.Command(Binary(t), "-c", file, "--admin-address-path", filepath.Join(dir, "admin"), //nolint:noctx // it ends in stop
		"--disable-hot-restart", "--concurrency", "2", "--log-level", "warn", "--file-flush-interval-msec", "50")
	e.cmd.Stdout, e.cmd.Stderr = &e.stderr, &e.stderr
	if err := e.cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer close(e.done)
		_ = e.cmd.Wait() // how it ended shows in its log
	}()
	return nil
}

// stop ends the process, and shows its log when the test failed.
func (e *Envoy) stop(t testing.TB) {
	_ = e.cmd.Process.Kill() // there is nothing of it worth waiting for
	<-e.done
	if t.Failed() {
		t.Logf("Envoy:\n%s", e.stderr.String())
	}
}

// awaitReady learns the ports and asks until Envoy says LIVE. The error is the
// last thing that was in the way.
func (e *Envoy) awaitReady(ctx context.Context, adminFile string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	for {
		err := e.ready(ctx, adminFile)
		if err == nil {
			return nil
		}
		select {
		case <-e.done:
			return fmt.Errorf("it ended: %w", err)
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (e *Envoy) ready(ctx context.Context, adminFile string) error {
	address, err := os.ReadFile(adminFile)
	if err != nil {
		return err
	}
	if len(address) == 0 {
		return fmt.Errorf("%s is empty", adminFile)
	}
	e.Admin = "http://" + string(address)
	if _, err := e.get(ctx, "/ready"); err != nil {
		return err
	}
	listeners, err := e.get(ctx, "/listeners?format=json")
	if err != nil {
		return err
	}
	e.URL, err = listenerURL(listeners)
	return err
}

// listenerURL finds the port that the clients' listener got.
func listenerURL(body []byte) (string, error) {
	var listeners struct {
		ListenerStatuses []struct {
			Name         string
			LocalAddress struct {
				SocketAddress struct {
					Address   string
					PortValue int `json:"port_value"`
				} `json:"socket_address"`
			} `json:"local_address"`
		} `json:"listener_statuses"`
	}
	if err := json.Unmarshal(body, &listeners); err != nil {
		return "", fmt.Errorf("listeners: %w", err)
	}
	for _, l := range listeners.ListenerStatuses {
		if l.Name == envoy.ListenerName {
			a := l.LocalAddress.SocketAddress
			return fmt.Sprintf("http://%s:%d", a.Address, a.PortValue), nil
		}
	}
	return "", fmt.Errorf("no listener %q in %s", envoy.ListenerName, body)
}

// get reads a page of the admin interface.
func (e *Envoy) get(ctx context.Context, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.Admin+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", path, resp.Status, body)
	}
	return body, nil
}

// AccessLog returns the log's entries, once there are at least n.
func (e *Envoy) AccessLog(t testing.TB, n int) []map[string]any {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		text, _ := os.ReadFile(e.access) // absent before the first entry
		entries := parseLines(t, text)
		if len(entries) >= n {
			return entries
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d entries in the access log, want %d", len(entries), n)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func parseLines(t testing.TB, text []byte) []map[string]any {
	t.Helper()
	var entries []map[string]any
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // still being written
		}
		var entry map[string]any
		if err := json.Unmarshal(line, &entry); err != nil {
			t.Fatalf("access log: %v: %s", err, line)
		}
		entries = append(entries, entry)
	}
	return entries
}

// buffer is a bytes.Buffer for one writer and readers beside it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
