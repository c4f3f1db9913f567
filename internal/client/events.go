package client

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"bedrock-extproc/internal/eventstream"
)

// event is an event of a stream. Its data is valid until the next one.
type event struct {
	name string // of a frame; "" of server-sent events
	data []byte
	// exception is the name of the exception that the frame is.
	exception string
}

// maxEvent is the longest event that is read, in bytes.
const maxEvent = 64 << 20

// sseEvents reads server-sent events that have one line of data each, as all APIs of the
// listener write them.
func sseEvents(r io.Reader) func() (event, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEvent)
	return func() (event, error) {
		for lines.Scan() {
			if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:")); ok {
				return event{data: bytes.TrimSpace(data)}, nil
			}
		}
		if err := lines.Err(); err != nil {
			return event{}, err
		}
		return event{}, io.EOF
	}
}

// frames reads the frames of Bedrock's own API.
func frames(r io.Reader) func() (event, error) {
	reader := eventstream.NewReader(r)
	return func() (event, error) {
		m, err := reader.Next()
		if err != nil {
			return event{}, err
		}
		e := event{name: string(m.EventType), data: m.Payload, exception: string(m.ExceptionType)}
		if string(m.Type) == "error" {
			e.exception = strings.TrimSpace(string(m.ErrorCode) + " " + string(m.ErrorMessage))
		}
		return e, nil
	}
}
