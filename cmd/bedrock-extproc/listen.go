package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// socketAccess says who may connect to a Unix socket.
type socketAccess struct {
	// mode 0 means defaultSocketMode.
	mode socketMode
	// owner is that of the file. The zero value leaves it to the process.
	owner socketOwner
}

// defaultSocketMode lets Envoy connect when it shares the socket's group.
const defaultSocketMode = socketMode(0o660)

// socketMode is a flag: permissions in octal.
type socketMode os.FileMode

func (m socketMode) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%04o", uint32(m)), nil }

func (m *socketMode) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 8, 32)
	if err != nil || n > 0o777 {
		return errors.New("not permissions in octal, such as 0660")
	}
	*m = socketMode(n)
	return nil
}

// socketOwner is a flag: UID:GID. An id that is missing stays that of the process.
type socketOwner struct{ uid, gid string }

func (o socketOwner) MarshalText() ([]byte, error) {
	if o == (socketOwner{}) {
		return nil, nil
	}
	return []byte(o.uid + ":" + o.gid), nil
}

func (o *socketOwner) UnmarshalText(text []byte) error {
	if !ownerText.Match(text) {
		return errors.New("not UID:GID in numbers, such as 1000:1000, or :1000 for the group only")
	}
	o.uid, o.gid, _ = strings.Cut(string(text), ":")
	return nil
}

var ownerText = regexp.MustCompile(`^\d{0,9}:\d{0,9}$`)

// apply sets the mode and the owner of the socket at path.
func (a socketAccess) apply(path string) error {
	if a.owner != (socketOwner{}) {
		if err := os.Chown(path, idOf(a.owner.uid), idOf(a.owner.gid)); err != nil {
			return err
		}
	}
	return os.Chmod(path, os.FileMode(cmp.Or(a.mode, defaultSocketMode)))
}

// idOf is -1, which changes nothing, for no id.
func idOf(text string) int {
	id, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return id
}

// listen opens the gRPC listener. Any client of it can use the sidecar's AWS account,
// so every address except a Unix socket or loopback needs mutual TLS.
func listen(ctx context.Context, address string, access socketAccess, hasTLS bool) (net.Listener, error) {
	var lc net.ListenConfig
	if path, ok := strings.CutPrefix(address, "unix://"); ok {
		return listenUnix(ctx, &lc, path, access)
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("-listen %q is neither host:port nor unix:///path: %w", address, err)
	}
	if !hasTLS && !loopback(host) {
		return nil, fmt.Errorf("-listen %q is not a loopback address: set -tls-cert, -tls-key and -tls-client-ca, or use a Unix socket", address)
	}
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("-listen: %w", err)
	}
	return l, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// listenUnix replaces the socket of a process that has ended, but no other file.
func listenUnix(ctx context.Context, lc *net.ListenConfig, path string, access socketAccess) (net.Listener, error) {
	if err := removeStale(ctx, path); err != nil {
		return nil, fmt.Errorf("-listen unix://%s: %w", path, err)
	}
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("-listen: %w", err)
	}
	if err := access.apply(path); err != nil {
		return nil, errors.Join(fmt.Errorf("-listen: %w", err), l.Close())
	}
	return unreadListener{l, unreadTimeout}, nil
}

func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != os.ModeSocket {
		return errors.New("the file exists and is not a socket")
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	case err != nil: // such as a process that is too busy to accept
		return fmt.Errorf("another process may listen there: %w", err)
	}
	return errors.Join(errors.New("another process listens there"), conn.Close())
}
