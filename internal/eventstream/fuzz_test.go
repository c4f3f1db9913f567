package eventstream

import (
	"bytes"
	"errors"
	"io"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// FuzzReader: the reader never panics and always ends, and the SDK's decoder agrees
// on every frame that it accepts.
func FuzzReader(f *testing.F) {
	one, two := event(f, "messageStart", `{"role":"assistant"}`), event(f, "messageStop", `{"stopReason":"end_turn"}`)
	f.Add([]byte{}, uint8(0))
	f.Add(one, uint8(1))
	f.Add(append(bytes.Clone(one), two...), uint8(7))
	f.Add(one[:len(one)-3], uint8(0))
	f.Add(raw(MaxFrame, MaxHeaders, nil), uint8(0))
	f.Add(withHeaders([]byte{1, 'a', typeUUID, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}), uint8(3))
	f.Add(withHeaders([]byte{1, 'a', typeString, 255, 255}), uint8(0))
	f.Fuzz(func(t *testing.T, stream []byte, step uint8) {
		r := NewReader(chunks(stream, int(step)))
		theirs := bytes.NewReader(stream)
		for range len(stream)/minFrame + 1 {
			got, err := r.Next()
			if err != nil {
				return
			}
			want, err := sdk.NewDecoder().Decode(theirs, nil)
			if err != nil {
				t.Fatalf("the SDK refuses what we take: %v", err)
			}
			if !bytes.Equal(got.Payload, want.Payload) {
				t.Fatalf("payload %q, want %q", got.Payload, want.Payload)
			}
			if v := want.Headers.Get(":event-type"); v != nil && v.String() != string(got.EventType) {
				t.Fatalf(":event-type %q, want %q", got.EventType, v)
			}
		}
		t.Fatal("more frames than bytes for them")
	})
}

// FuzzHeaders is FuzzReader with valid checksums, which a fuzzer cannot find.
func FuzzHeaders(f *testing.F) {
	f.Add([]byte(nil), []byte("{}"))
	f.Add(append([]byte{13}, ":message-type\x07\x00\x05event"...), []byte("{}"))
	f.Add(append([]byte{11}, ":event-type\x07\x00\x04stop\x01a\x00"...), []byte{})
	f.Add([]byte{1, 'a', typeUUID, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, []byte("x"))
	f.Add([]byte{1, 'a', typeTimestamp, 1, 2, 3, 4, 5, 6, 7, 8, 1, 'b', typeShort, 1, 2}, []byte("x"))
	f.Fuzz(func(t *testing.T, block, payload []byte) {
		// The SDK accepts values up to 32767 bytes.
		if len(block) > 32_000 || len(payload) > 1<<20 {
			return
		}
		frame := raw(uint32(minFrame+len(block)+len(payload)), uint32(len(block)), append(bytes.Clone(block), payload...))
		got, err := NewReader(bytes.NewReader(frame)).Next()
		if err != nil {
			if !errors.Is(err, ErrFrame) {
				t.Fatal(err)
			}
			return
		}
		want, err := sdk.NewDecoder().Decode(bytes.NewReader(frame), nil)
		if err != nil {
			t.Fatalf("the SDK refuses what we take: %v", err)
		}
		if !bytes.Equal(got.Payload, want.Payload) {
			t.Fatalf("payload %q, want %q", got.Payload, want.Payload)
		}
		for name, field := range map[string][]byte{":message-type": got.Type, ":event-type": got.EventType, ":error-code": got.ErrorCode} {
			if v := want.Headers.Get(name); v != nil && v.String() != string(field) {
				t.Fatalf("%s %q, want %q", name, field, v)
			}
		}
	})
}

// chunks reads b in pieces of at most n bytes, or in one piece for 0.
func chunks(b []byte, n int) io.Reader {
	if n == 0 {
		return bytes.NewReader(b)
	}
	return &chunked{b, n}
}

type chunked struct {
	b []byte
	n int
}

func (c *chunked) Read(p []byte) (int, error) {
	if len(c.b) == 0 {
		return 0, io.EOF
	}
	k := copy(p[:min(len(p), c.n)], c.b)
	c.b = c.b[k:]
	return k, nil
}
