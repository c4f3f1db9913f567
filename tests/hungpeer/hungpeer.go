// Package hungpeer is a gRPC client that calls the sidecar and reads none of its answers,
// like an Envoy that hangs. It writes HTTP/2 frames itself, because a gRPC library reads
// its connection. Only tests import it.
package hungpeer

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/proto"
)

// maxFrame is the largest frame that a gRPC server accepts, in bytes.
const maxFrame = 16 << 10

// A Peer is one connection. Its methods may not be called concurrently, except ReadFrames.
type Peer struct {
	conn    net.Conn
	framer  *http2.Framer
	headers bytes.Buffer
	encoder *hpack.Encoder
	next    uint32 // the id of the next stream
}

// New begins HTTP/2 on a connection.
func New(conn net.Conn) (*Peer, error) {
	p := &Peer{conn: conn, framer: http2.NewFramer(conn, conn), next: 1}
	p.encoder = hpack.NewEncoder(&p.headers)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return nil, err
	}
	return p, p.framer.WriteSettings()
}

// Allow lets the server send gigabytes, by HTTP/2's flow control. A peer that does not
// call ReadFrames leaves them in the connection's buffer.
func (p *Peer) Allow() error {
	const window = 1<<31 - 1
	if err := p.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}); err != nil {
		return err
	}
	return p.framer.WriteWindowUpdate(0, window-1<<16)
}

// Call opens an RPC and sends messages in it. It does not wait for flow control: they may
// have 64 KiB together.
func (p *Peer) Call(messages ...*extprocv3.ProcessingRequest) error {
	id := p.next
	p.next += 2
	p.headers.Reset()
	for _, f := range [][2]string{
		{":method", "POST"},
		{":scheme", "http"},
		{":path", "/" + extprocv3.ExternalProcessor_ServiceDesc.ServiceName + "/Process"},
		{":authority", "sidecar"},
		{"content-type", "application/grpc"},
		{"te", "trailers"},
	} {
		if err := p.encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
			return err
		}
	}
	err := p.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.headers.Bytes(), EndHeaders: true})
	for _, m := range messages {
		if err == nil {
			err = p.send(id, m)
		}
	}
	return err
}

// send writes a message with gRPC's prefix: a byte for "not compressed", and its length.
func (p *Peer) send(id uint32, m *extprocv3.ProcessingRequest) error {
	message, err := proto.MarshalOptions{}.MarshalAppend(make([]byte, 5), m)
	if err != nil {
		return err
	}
	binary.BigEndian.PutUint32(message[1:], uint32(len(message)-5))
	for len(message) > 0 && err == nil {
		n := min(len(message), maxFrame)
		err = p.framer.WriteData(id, false, message[:n])
		message = message[n:]
	}
	return err
}

// Ping writes a ping.
func (p *Peer) Ping() error { return p.framer.WritePing(false, [8]byte{}) }

// ReadFrames reads what the server sends, and never allows it to send more: it updates no
// flow control window. It returns when the connection ends.
func (p *Peer) ReadFrames() error {
	_, err := io.Copy(io.Discard, p.conn)
	return err
}
