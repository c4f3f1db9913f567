package main

import (
	"errors"
	"net"
	"time"
)

// unreadTimeout is how long a peer may read nothing of what is sent to it. It is also the
// time that gRPC gives a peer to answer a ping.
const unreadTimeout = 20 * time.Second

// An unreadListener closes connections whose peer reads nothing for limit. Pings do not
// notice such a peer if it keeps sending. On TCP, gRPC sets TCP_USER_TIMEOUT instead.
type unreadListener struct {
	net.Listener

	limit time.Duration
}

// Accept implements [net.Listener].
func (l unreadListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return unreadConn{conn, l.limit}, nil
}

type unreadConn struct {
	net.Conn

	limit time.Duration
}

// Write implements [net.Conn]. gRPC's reader learns of a failure only if the connection
// is closed.
func (c unreadConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	if err != nil {
		err = errors.Join(err, c.Close())
	}
	return n, err
}
