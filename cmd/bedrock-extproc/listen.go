package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// socketMode lets Envoy connect when it shares the socket's group.
const socketMode = 0o660

// listen opens the gRPC listener. Any client of it can use the sidecar's AWS account,
// so every address except a Unix socket or loopback needs mutual TLS.
func listen(ctx context.Context, address string, hasTLS bool) (net.Listener, error) {
	var lc net.ListenConfig
	if path, ok := strings.CutPrefix(address, "unix://"); ok {
		return listenUnix(ctx, &lc, path)
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
func listenUnix(ctx context.Context, lc *net.ListenConfig, path string) (net.Listener, error) {
	if err := removeStale(ctx, path); err != nil {
		return nil, fmt.Errorf("-listen unix://%s: %w", path, err)
	}
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("-listen: %w", err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(fmt.Errorf("-listen: %w", err), l.Close())
	}
	return l, nil
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
	if conn, err := dialer.DialContext(ctx, "unix", path); err == nil {
		return errors.Join(errors.New("another process listens there"), conn.Close())
	}
	return os.Remove(path)
}
