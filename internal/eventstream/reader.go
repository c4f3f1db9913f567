// Package eventstream reads and writes frames of application/vnd.amazon.eventstream,
// the framing of ConverseStream's events. It does not know what events mean.
//
// A frame is, in big-endian order: total length (4 bytes), length of the headers
// (4), CRC-32 of those eight (4), headers, payload, CRC-32 of all before it (4).
//
// See https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html
// and https://smithy.io/2.0/aws/amazon-eventstream.html.
package eventstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The bounds of a valid stream.
const (
	// MaxFrame is the length of the longest frame, in bytes.
	MaxFrame = 16 << 20
	// MaxHeaders is the length of the longest header block, in bytes.
	MaxHeaders = 128 << 10
)

const (
	preludeLen  = 12
	checksumLen = 4
	minFrame    = preludeLen + checksumLen
	// firstBuffer holds any usual event; longer frames grow the buffer.
	firstBuffer = 4 << 10
	// keptBuffer is the longest buffer that is kept for short frames.
	keptBuffer = 1 << 20
)

// ErrFrame is wrapped by the errors of bytes that are not a valid stream of frames,
// as opposed to errors of the source.
var ErrFrame = errors.New("invalid event stream")

// A Message is one frame. Its slices alias the Reader's buffer and are valid
// until the next call of Next. An absent header is an empty slice.
type Message struct {
	// Type is :message-type: "event", "exception" or "error".
	Type []byte
	// EventType is :event-type, of events.
	EventType []byte
	// ExceptionType is :exception-type, of exceptions.
	ExceptionType []byte
	// ErrorCode and ErrorMessage are :error-code and :error-message, of errors.
	ErrorCode    []byte
	ErrorMessage []byte
	// ContentType is :content-type, of the payload.
	ContentType []byte
	Payload     []byte
	// Frame is the whole frame, as AppendMessage writes it.
	Frame []byte
}

// A Reader reads frames from a byte stream. It is not safe for concurrent use.
// After an error, Next returns the same error again.
type Reader struct {
	src io.Reader
	// buf[start:end] has been read from src and belongs to later frames.
	buf        []byte
	start, end int
	err        error
}

// NewReader returns a Reader of src. It calls src.Read only when the next frame
// is not in its buffer yet.
func NewReader(src io.Reader) *Reader {
	return &Reader{src: src, buf: make([]byte, firstBuffer)}
}

// Next returns the next frame. The error is io.EOF when src ended between two
// frames, io.ErrUnexpectedEOF when it ended inside one, wraps ErrFrame when the
// frame is not valid, and is the error of src otherwise.
func (r *Reader) Next() (Message, error) {
	if r.err != nil {
		return Message{}, r.err
	}
	msg, err := r.next()
	r.err = err
	return msg, err
}

// Buffered reports whether Next will return without calling src.Read.
func (r *Reader) Buffered() bool {
	unread := r.buf[r.start:r.end]
	return len(unread) >= preludeLen && uint64(len(unread)) >= uint64(binary.BigEndian.Uint32(unread))
}

func (r *Reader) next() (Message, error) {
	if err := r.need(preludeLen); err != nil {
		return Message{}, err
	}
	total, headers, err := prelude(r.buf[r.start : r.start+preludeLen])
	if err != nil {
		return Message{}, err
	}
	if err := r.need(total); err != nil {
		return Message{}, err
	}
	frame := r.buf[r.start : r.start+total]
	r.start += total
	body := frame[:total-checksumLen]
	if got, want := crc32.ChecksumIEEE(body), binary.BigEndian.Uint32(frame[total-checksumLen:]); got != want {
		return Message{}, fmt.Errorf("%w: checksum of the frame is %08x, want %08x", ErrFrame, got, want)
	}
	msg := Message{Payload: body[preludeLen+headers:], Frame: frame}
	if err := msg.readHeaders(body[preludeLen : preludeLen+headers]); err != nil {
		return Message{}, err
	}
	return msg, nil
}

// prelude reads the lengths of a frame and of its headers and checks the bounds.
func prelude(p []byte) (total, headers int, err error) {
	if got, want := crc32.ChecksumIEEE(p[:8]), binary.BigEndian.Uint32(p[8:]); got != want {
		return 0, 0, fmt.Errorf("%w: checksum of the prelude is %08x, want %08x", ErrFrame, got, want)
	}
	total32, headers32 := binary.BigEndian.Uint32(p), binary.BigEndian.Uint32(p[4:])
	switch {
	case total32 < minFrame:
		return 0, 0, fmt.Errorf("%w: frame of %d bytes, the shortest is %d", ErrFrame, total32, minFrame)
	case total32 > MaxFrame:
		return 0, 0, fmt.Errorf("%w: frame of %d bytes, the limit is %d", ErrFrame, total32, MaxFrame)
	case headers32 > MaxHeaders:
		return 0, 0, fmt.Errorf("%w: headers of %d bytes, the limit is %d", ErrFrame, headers32, MaxHeaders)
	case headers32 > total32-minFrame:
		return 0, 0, fmt.Errorf("%w: headers of %d bytes in a frame of %d", ErrFrame, headers32, total32)
	}
	return int(total32), int(headers32), nil
}

// need reads until the buffer holds n bytes from r.start on.
func (r *Reader) need(n int) error {
	for r.end-r.start < n {
		r.makeRoom(n)
		got, err := r.src.Read(r.buf[r.end:])
		r.end += got
		if err != nil && r.end-r.start < n {
			return r.ended(err)
		}
	}
	return nil
}

// makeRoom moves unread bytes to the front when n bytes do not fit behind r.start,
// and doubles a full buffer: it grows with the bytes that came, not with the length
// that a prelude promises. A long buffer is given back once little is unread.
func (r *Reader) makeRoom(n int) {
	if len(r.buf) > keptBuffer && max(r.end-r.start, n) <= firstBuffer {
		small := make([]byte, firstBuffer)
		r.end = copy(small, r.buf[r.start:r.end])
		r.buf, r.start = small, 0
	}
	if r.start > 0 && r.start+n > len(r.buf) {
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	}
	if r.end == len(r.buf) {
		grown := make([]byte, min(2*len(r.buf), MaxFrame))
		copy(grown, r.buf[:r.end])
		r.buf = grown
	}
}

// ended distinguishes the end of src between frames from one inside a frame.
func (r *Reader) ended(err error) error {
	if errors.Is(err, io.EOF) && r.end > r.start {
		return io.ErrUnexpectedEOF
	}
	return err
}
