package cause

import (
	"bufio"
	"bytes"
	"errors"
)

// ErrTLSPort is the error of a call in plain HTTP to a server that speaks TLS.
var ErrTLSPort = errors.New("the server speaks TLS on this port, and was called in plain HTTP")

// IsFromTLSPort reports whether the body of a 400 begins as those of Go's server, nginx
// and load balancers to plain HTTP on a TLS port. It consumes nothing.
func IsFromTLSPort(body *bufio.Reader) bool {
	start, _ := body.Peek(512) // a shorter body is an error, and all of it
	return bytes.Contains(start, []byte("HTTP request")) && bytes.Contains(start, []byte("to an HTTPS server")) ||
		bytes.Contains(start, []byte("plain HTTP request was sent to HTTPS port"))
}
