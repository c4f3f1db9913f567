package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestListenReplacesAStaleSocketOnly(t *testing.T) {
	dir, err := os.MkdirTemp("", "listen-") //nolint:usetesting // a socket's name must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s.sock")

	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false) // as after a crash
	stale.Close()

	l, err := listen(t.Context(), "unix://"+path, false)
	if err != nil {
		t.Fatalf("a stale socket is in the way: %v", err)
	}
	defer l.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != socketMode {
		t.Errorf("mode %o, want %o", got, socketMode)
	}
	if _, err := listen(t.Context(), "unix://"+path, false); err == nil || !strings.Contains(err.Error(), "another process listens there") {
		t.Errorf("a second listener got %v", err)
	}
}

func TestListenNeedsTLSBeyondLoopback(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", "localhost:0"} {
		l, err := listen(t.Context(), address, false)
		if err != nil {
			if strings.Contains(address, "::1") {
				continue // a machine without IPv6
			}
			t.Errorf("%s: %v", address, err)
			continue
		}
		l.Close()
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "10.1.2.3:0", "example.com:0"} {
		if l, err := listen(t.Context(), address, false); err == nil {
			l.Close()
			t.Errorf("%s was opened without TLS", address)
		}
	}
}
