package fakebedrock

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/rand/v2"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

const (
	paddingAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	preludeLength   = 12 // two lengths and their checksum
)

// padding returns 2 to 61 characters that hide the length of a token, as the service
// sends them.
func padding() string { return paddingAlphabet[:2+rand.IntN(60)] }

// encoder encodes the frames of one stream.
type encoder struct {
	frames *eventstream.Encoder
	buf    bytes.Buffer
}

func newEncoder() *encoder { return &encoder{frames: eventstream.NewEncoder()} }

// event returns the frame of an event. The frame is valid until the next call of any
// method.
func (e *encoder) event(ev Event) ([]byte, error) {
	payload := ev.Raw
	if payload == nil {
		members := maps.Clone(ev.Members)
		if members == nil {
			members = map[string]any{}
		}
		members["p"] = padding()
		var err error
		if payload, err = marshal(members); err != nil {
			return nil, err
		}
	}
	return e.frame(payload, ":event-type", ev.Type, ":content-type", "application/json", ":message-type", "event")
}

// exception returns the frame of an exception.
func (e *encoder) exception(x *Exception) ([]byte, error) {
	payload, err := marshal(x.payload())
	if err != nil {
		return nil, err
	}
	return e.frame(payload, ":exception-type", x.member(), ":content-type", "application/json", ":message-type", "exception")
}

// errorMessage returns a frame of :message-type error.
func (e *encoder) errorMessage(code, message string) ([]byte, error) {
	return e.frame(nil, ":error-code", code, ":error-message", message, ":message-type", "error")
}

// frame returns a frame with the given headers in order: name, value, and so on.
func (e *encoder) frame(payload []byte, headers ...string) ([]byte, error) {
	msg := eventstream.Message{Payload: payload}
	for i := 0; i+1 < len(headers); i += 2 {
		msg.Headers = append(msg.Headers, eventstream.Header{Name: headers[i], Value: eventstream.StringValue(headers[i+1])})
	}
	e.buf.Reset()
	if err := e.frames.Encode(&e.buf, msg); err != nil {
		return nil, err
	}
	return e.buf.Bytes(), nil
}

// marshal writes JSON as the service does, without escaping <, > and &.
func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
