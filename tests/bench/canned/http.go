package canned

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// requestHead is what the servers look at. It is valid until the next read.
type requestHead struct {
	get    bool // GET, which asks for the number of calls
	path   []byte
	answer []byte // the value of Header
	length int64
}

// server serves HTTP/1.1 on persistent connections. It does less than net/http, whose share
// of the CPU would hide what is measured: it reads one length and one header, skips the
// body, and writes an answer in as few writes as it has parts.
type server struct {
	find  func(*requestHead) (*answer, error)
	calls atomic.Int64 // that it has answered
}

// serveHTTP answers calls with what find returns, and GET with the number of calls so far,
// until the listener is closed.
func serveHTTP(l net.Listener, find func(*requestHead) (*answer, error)) error {
	s := &server{find: find}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if err := s.serve(conn); !errors.Is(err, io.EOF) {
				fmt.Fprintf(conn, "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n%v", err)
			}
		}()
	}
}

// serve serves requests until one fails. io.EOF means that the client has closed.
func (s *server) serve(conn net.Conn) error {
	r := bufio.NewReaderSize(conn, 16<<10)
	for {
		head, err := readHead(r)
		if err != nil {
			return err
		}
		a, err := s.answer(head)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, r, head.length); err != nil {
			return err
		}
		if err := a.play(func(part []byte, _ bool) error {
			_, err := conn.Write(part)
			return err
		}); err != nil {
			return err
		}
	}
}

func (s *server) answer(head *requestHead) (*answer, error) {
	if head.get {
		number := &answer{contentType: "text/plain", parts: [][]byte{strconv.AppendInt(nil, s.calls.Load(), 10)}}
		return number.overHTTP(false), nil
	}
	s.calls.Add(1)
	return s.find(head)
}

// readHead reads a request up to its body.
func readHead(r *bufio.Reader) (*requestHead, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	words := bytes.SplitN(line, []byte(" "), 3)
	if len(words) != 3 {
		return nil, fmt.Errorf("not a request: %q", line)
	}
	head := &requestHead{get: string(words[0]) == http.MethodGet, path: bytes.Clone(words[1])}
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			return head, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if head.length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return nil, err
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			return nil, errors.New("the body has no length")
		case bytes.EqualFold(name, []byte(Header)):
			head.answer = bytes.Clone(value)
		}
	}
}

// overHTTP is the answer as it is on the wire: a stream in chunks.
func (a *answer) overHTTP(streamed bool) *answer {
	head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nX-Amzn-Requestid: 5b1c3f0e-9a58-4a6b-8f0e-2d8f6f1c7a11\r\n", a.contentType)
	framed := *a
	framed.parts = make([][]byte, len(a.parts))
	if !streamed {
		framed.parts[0] = fmt.Appendf(nil, "%sContent-Length: %d\r\n\r\n%s", head, len(a.parts[0]), a.parts[0])
		return &framed
	}
	for i, part := range a.parts {
		framed.parts[i] = chunk(part)
	}
	framed.parts[0] = append([]byte(head+"Transfer-Encoding: chunked\r\n\r\n"), framed.parts[0]...)
	last := len(framed.parts) - 1
	framed.parts[last] = append(framed.parts[last], "0\r\n\r\n"...)
	framed.stamp = func(t time.Time) []byte { return chunk(a.stamp(t)) }
	return &framed
}

func chunk(part []byte) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(part), part) }
