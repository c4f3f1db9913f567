package envoytest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"

	"bedrock-extproc/envoy"
)

// noSidecar is the address of a sidecar that does not run.
const noSidecar = "unix:///none.sock"

func TestStart(t *testing.T) {
	one := Start(t, noSidecar, nil)
	two := Start(t, noSidecar, nil, "--concurrency", "1")
	for e, threads := range map[*Envoy]int{one: 2, two: 1} {
		resp, err := http.Get(e.URL)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("status %d", resp.StatusCode)
		}
		if entries := e.AccessLog(t, 1); len(entries) != 1 || entries[0]["status"] != 503.0 {
			t.Errorf("access log %v", entries)
		}
		if got := e.ListenerURL(t, envoy.ListenerName); got != e.URL {
			t.Errorf("the listener is at %s and at %s", got, e.URL)
		}
		if got := e.Stat(t, "server.concurrency"); got != threads {
			t.Errorf("%d threads, want %d", got, threads)
		}
		e.AwaitStat(t, "http.bedrock.downstream_rq_5xx", 1)
		if got := e.Stat(t, "no.such.counter"); got != 0 {
			t.Errorf("a counter that does not exist is %d", got)
		}
	}
}

// TestStop checks that the process ends with its test.
func TestStop(t *testing.T) {
	var pid int
	t.Run("its test", func(t *testing.T) { pid = Start(t, noSidecar, nil).cmd.Process.Pid })
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d still runs: %v", pid, err)
	}
}

// TestFailedStart checks that the error has the reason.
func TestFailedStart(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for name, c := range map[string]struct {
		config envoy.Config
		edit   func(*bootstrapv3.Bootstrap)
		want   string
	}{
		"busy port":       {config: envoy.Config{Listen: busy.Addr().String()}, want: busy.Addr().String() + "': Address already in use"},
		"busy admin port": {config: envoy.Config{Admin: busy.Addr().String()}, want: busy.Addr().String() + "': Address already in use"},
		"invalid configuration": {
			edit: func(b *bootstrapv3.Bootstrap) { b.StaticResources.Clusters[0].ConnectTimeout.Seconds = -1 },
			want: "Invalid duration",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.ExtProc = noSidecar
			if c.config.Listen == "" {
				c.config.Listen = "127.0.0.1:0"
			}
			if c.config.Admin == "" {
				c.config.Admin = "127.0.0.1:0"
			}
			bootstrap, err := envoy.Bootstrap(c.config)
			if err != nil {
				t.Fatal(err)
			}
			if c.edit != nil {
				c.edit(bootstrap)
			}
			e := runs(t, Binary(t), bootstrap)
			if err := e.awaitReady(t.Context()); !errors.Is(err, errEnded) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

// TestNeverReady checks that the error is ready's last error, not the timeout.
func TestNeverReady(t *testing.T) {
	sleeper := filepath.Join(t.TempDir(), "envoy")
	if err := os.WriteFile(sleeper, []byte("#!/bin/sh\nexec sleep 600\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	e := runs(t, sleeper, &bootstrapv3.Bootstrap{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := e.awaitReady(ctx); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestHalfWrittenEntry ignores an incomplete last line.
func TestHalfWrittenEntry(t *testing.T) {
	for text, want := range map[string]int{"": 0, `{"a":1}`: 0, "{\"a\":1}\n{\"a\"": 1, "{\"a\":1}\n{}\n": 2} {
		if got, err := parseLines([]byte(text)); err != nil || len(got) != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	if _, err := parseLines([]byte("no JSON\n")); err == nil {
		t.Error("no error")
	}
}

func runs(t *testing.T, binary string, bootstrap *bootstrapv3.Bootstrap) *Envoy {
	t.Helper()
	e := &Envoy{dir: t.TempDir(), done: make(chan struct{})}
	if err := e.run(binary, bootstrap, nil); err != nil {
		t.Fatal(fmt.Errorf("run: %w", err))
	}
	t.Cleanup(func() { e.stop(t) })
	return e
}
