package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/pflag"
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

	access := socketAccess{mode: 0o600}
	l, err := listen(t.Context(), "unix://"+path, access, false)
	if err != nil {
		t.Fatalf("a stale socket is in the way: %v", err)
	}
	defer l.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode %o, want 600", got)
	}
	if _, err := listen(t.Context(), "unix://"+path, access, false); err == nil || !strings.Contains(err.Error(), "another process listens there") {
		t.Errorf("a second listener got %v", err)
	}
}

func TestListenNeedsTLSBeyondLoopback(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0", "localhost:0"} {
		l, err := listen(t.Context(), address, socketAccess{}, false)
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
		if l, err := listen(t.Context(), address, socketAccess{}, false); err == nil {
			l.Close()
			t.Errorf("%s was opened without TLS", address)
		}
	}
}

// A process that is too busy to accept connections keeps its socket.
func TestListenKeepsTheSocketOfABusyProcess(t *testing.T) {
	dir, err := os.MkdirTemp("", "listen-") //nolint:usetesting // a socket's name must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s.sock")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	var dialer net.Dialer
	for range 2 { // fill the queue
		if conn, err := dialer.DialContext(t.Context(), "unix", path); err == nil {
			defer conn.Close()
		}
	}
	if l, err := listen(t.Context(), "unix://"+path, socketAccess{}, false); err == nil {
		l.Close()
		t.Error("the socket was replaced")
	}
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

// A socket's owner is set, as far as the process may.
func TestSocketOwner(t *testing.T) {
	var opts options
	var flags pflag.FlagSet
	opts.define(&flags)
	id := fmt.Sprint(os.Getgid())
	path := filepath.Join(t.TempDir(), "s")
	if err := flags.Parse([]string{"--socket-owner", ":" + id, "--socket-mode", "0600"}); err != nil {
		t.Fatal(err)
	}
	l, err := listen(t.Context(), "unix://"+path, opts.socket, false)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if os.Getuid() != 0 {
		return
	}
	opts.socket.owner = socketOwner{"1234", "2345"}
	l, err = listen(t.Context(), "unix://"+path, opts.socket, false)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != 1234 || stat.Gid != 2345 || info.Mode().Perm() != 0o600 {
		t.Errorf("%+v", info.Sys())
	}
}

func TestSocketFlags(t *testing.T) {
	for _, args := range [][]string{{"--socket-mode", "rw"}, {"--socket-mode", "1777"}, {"--socket-owner", "envoy"}, {"--socket-owner", "-1:0"}} {
		var opts options
		flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		opts.define(flags)
		if err := flags.Parse(args); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}
