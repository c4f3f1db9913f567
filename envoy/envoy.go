// Package envoy builds Envoy's configuration for the sidecar as go-control-plane
// values: the ext_proc filter, the cluster it calls, a listener with both, and a
// bootstrap. YAML prints any of them. The package imports nothing else of this
// module, so other programs can build their own xDS resources from its parts.
//
// The configuration has one listener with an HTTP connection manager, the ext_proc
// filter, and a fallback route that returns 503 if the filter is bypassed. The
// sidecar answers every request itself, so there is no upstream.
//
// The module path bedrock-extproc cannot be downloaded. To import
// bedrock-extproc/envoy, keep a copy of the repository beside your module:
//
//	go mod edit -require=bedrock-extproc@v0.0.0 -replace=bedrock-extproc=../bedrock-extproc
//	go mod tidy
//
// Each call returns new values, which the caller may change; the examples show how.
//
// The configuration needs Envoy 1.37 or newer. Envoy's ext_proc reference describes
// each field:
// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/ext_proc_filter
package envoy

//go:generate go run ./internal/generate ../examples/envoy

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
)

// Names by which the parts refer to each other.
const (
	// ClusterName is the cluster of the sidecar.
	ClusterName = "bedrock_extproc"
	// ListenerName is the listener of clients.
	ListenerName = "bedrock"
	// MetadataNamespace is the dynamic metadata namespace of the sidecar's facts, for
	// access logs and rate limits.
	MetadataNamespace = "bedrock"
)

// Config holds the settings that differ between installations. The zero value
// listens on loopback and calls a sidecar with default flags on the same machine.
type Config struct {
	// Listen is the address for clients, host:port; "" means 127.0.0.1:8000. Port 0
	// chooses a free port.
	Listen string
	// Admin is the address of Envoy's admin interface, host:port; "" means
	// 127.0.0.1:9901.
	Admin string
	// ExtProc is the sidecar's address, host:port or unix:///path; "" means
	// 127.0.0.1:9002. Host names are resolved with DNS.
	ExtProc string
	// AccessLog is the file of the JSON access log; "" means standard output.
	AccessLog string
	// StreamIdleTimeout ends a request after this time without any bytes in either
	// direction; 0 means ten minutes. It limits the wait for a whole answer.
	StreamIdleTimeout time.Duration
	// SlowReaderTimeout closes the connection of a client that leaves more than 256
	// KiB unread for this time. It needs Envoy 1.38; 0 omits it. Envoy buffers unread
	// bytes, so a slow client does not slow down the sidecar.
	SlowReaderTimeout time.Duration
	// MaxConnections is the number of client connections that Envoy accepts; it closes
	// further ones at once. 0 means 50,000.
	MaxConnections int
}

func (c *Config) listen() string    { return cmp.Or(c.Listen, "127.0.0.1:8000") }
func (c *Config) admin() string     { return cmp.Or(c.Admin, "127.0.0.1:9901") }
func (c *Config) extProc() string   { return cmp.Or(c.ExtProc, "127.0.0.1:9002") }
func (c *Config) accessLog() string { return cmp.Or(c.AccessLog, "/dev/stdout") }

func (c *Config) streamIdleTimeout() time.Duration {
	return cmp.Or(c.StreamIdleTimeout, 10*time.Minute)
}

func (c *Config) maxConnections() int { return cmp.Or(c.MaxConnections, 50_000) }

// Validate returns an error that names the first invalid field.
func (c *Config) Validate() error {
	for _, field := range []struct {
		name  string
		check func() error
	}{
		{"listen", func() error { _, err := socketAddress(c.listen()); return err }},
		{"admin", func() error { _, err := socketAddress(c.admin()); return err }},
		{"extproc", func() error { _, _, err := grpcAddress(c.extProc()); return err }},
		{"stream idle timeout", func() error { return notNegative(c.StreamIdleTimeout) }},
		{"slow reader timeout", func() error { return notNegative(c.SlowReaderTimeout) }},
		{"connections", func() error { return notNegative(c.MaxConnections) }},
	} {
		if err := field.check(); err != nil {
			return fmt.Errorf("%s: %w", field.name, err)
		}
	}
	return nil
}

func notNegative[T int | time.Duration](v T) error {
	if v < 0 {
		return fmt.Errorf("%v is negative", v)
	}
	return nil
}

// socketAddress reads host:port.
func socketAddress(text string) (*corev3.Address, error) {
	host, portText, err := net.SplitHostPort(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not host:port: %w", text, err)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%q is not host:port: the port must be a number up to 65535", text)
	}
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address:       cmp.Or(host, "0.0.0.0"),
		PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}, nil
}
