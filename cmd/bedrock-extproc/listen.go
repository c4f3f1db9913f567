package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// socketMode lets Envoy connect when it shares the socket's group.
const socketMode = 0o660

// listen opens the gRPC listener. Whoever reaches it can spend the sidecar's
// AWS money, so any address but a Unix socket or loopback needs mutual TLS.
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

// listenUnix replaces the socket of a sidecar that is gone, and nothing else.
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

// set reports whether TLS is configured; half a configuration is an error.
func (f tlsFiles) set() (bool, error) {
	switch {
	case f == (tlsFiles{}):
		return false, nil
	case f.cert == "" || f.key == "" || f.clientCA == "":
		return false, errors.New("-tls-cert, -tls-key and -tls-client-ca go together")
	}
	return true, nil
}

// credentials loads mutual TLS: a client without our authority's certificate is
// refused.
func (f tlsFiles) credentials() (grpc.ServerOption, error) {
	cert, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("-tls-cert: %w", err)
	}
	pem, err := os.ReadFile(f.clientCA)
	if err != nil {
		return nil, fmt.Errorf("-tls-client-ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("-tls-client-ca %s holds no PEM certificate", f.clientCA)
	}
	return grpc.Creds(credentials.NewTLS(&tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cert},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    pool,
	})), nil
}
