// Package envoy holds Envoy's configuration for the sidecar as go-control-plane
// values: the ext_proc filter, the cluster it calls, a listener with both, and a
// bootstrap. It imports nothing of this module, so that others can build their
// own xDS from its pieces. YAML prints any of them.
//
// The shape: one listener, HTTP connection manager, ext_proc filter, and behind it
// a route that answers 503 and is only seen when the filter was skipped. The
// sidecar answers every request itself, so nothing is configured upstream.
//
// The module's path is bedrock-extproc, which is no address. A module of yours
// imports bedrock-extproc/envoy from a copy of the repository beside it:
//
//	go mod edit -require=bedrock-extproc@v0.0.0 -replace=bedrock-extproc=../bedrock-extproc
//	go mod tidy
//
// The values are new at each call, so what an installation needs otherwise it can
// change in them; the examples show how.
//
// Needs Envoy 1.37; see Envoy's ext_proc reference for what each field does:
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

// The names that the pieces refer to each other by.
const (
	// ClusterName is the cluster of the sidecar.
	ClusterName = "bedrock_extproc"
	// ListenerName is the listener of clients.
	ListenerName = "bedrock"
	// MetadataNamespace is where the sidecar puts an answer's facts for access logs
	// and rate limits.
	MetadataNamespace = "bedrock"
)

// Config is what may differ between installations. Its zero value listens on
// loopback and expects a sidecar with default flags beside it.
type Config struct {
	// Listen is the address for clients, host:port; "" means 127.0.0.1:8000. Port
	// 0 takes a free one.
	Listen string
	// Admin is the address of Envoy's admin interface, host:port; "" means
	// 127.0.0.1:9901.
	Admin string
	// ExtProc is where the sidecar listens: host:port, or unix:///path; "" means
	// 127.0.0.1:9002. A host name is resolved by DNS.
	ExtProc string
	// AccessLog is a file for the JSON access log; "" means standard output.
	AccessLog string
	// StreamIdleTimeout ends a request on which no byte has moved for so long; 0
	// means ten minutes. It bounds the wait for a whole answer.
	StreamIdleTimeout time.Duration
	// SlowReaderTimeout closes the connection of a client that has left more than
	// 256 KiB unread for so long; 0 leaves it out, because Envoy knows it since 1.38
	// only. The sidecar is not slowed down by a slow client, Envoy keeps what is
	// unread.
	SlowReaderTimeout time.Duration
	// MaxConnections is how many connections of clients Envoy takes; further ones
	// are closed at once. 0 means 50,000.
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

// Validate names the first field that cannot be what it is.
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
		return nil, fmt.Errorf("%q is not host:port: the port is no number up to 65535", text)
	}
	return &corev3.Address{Address: &corev3.Address_SocketAddress{SocketAddress: &corev3.SocketAddress{
		Address:       cmp.Or(host, "0.0.0.0"),
		PortSpecifier: &corev3.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}, nil
}
