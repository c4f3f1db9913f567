package eventstream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/google/go-cmp/cmp"
)

// encode is the SDK's encoder.
func encode(t testing.TB, payload string, headers sdk.Headers) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := sdk.NewEncoder().Encode(&buf, sdk.Message{Headers: headers, Payload: []byte(payload)}); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func event(t testing.TB, kind, payload string) []byte {
	t.Helper()
	return encode(t, payload, sdk.Headers{
		{Name: ":event-type", Value: sdk.StringValue(kind)},
		{Name: ":content-type", Value: sdk.StringValue("application/json")},
		{Name: ":message-type", Value: sdk.StringValue("event")},
	})
}

// raw writes a frame with valid checksums and any lengths.
func raw(total, headerLen uint32, rest []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, total)
	b = binary.BigEndian.AppendUint32(b, headerLen)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	b = append(b, rest...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// withHeaders is raw with only a header block.
func withHeaders(block []byte) []byte {
	return raw(uint32(minFrame+len(block)), uint32(len(block)), block)
}

// texts is a Message that can be kept and compared.
type texts struct{ Type, EventType, ExceptionType, ErrorCode, ErrorMessage, ContentType, Payload string }

func keep(m Message) texts {
	return texts{
		string(m.Type), string(m.EventType), string(m.ExceptionType), string(m.ErrorCode),
		string(m.ErrorMessage), string(m.ContentType), string(m.Payload),
	}
}

func readAll(src io.Reader) (all []texts, err error) {
	r := NewReader(src)
	for {
		m, err := r.Next()
		if err != nil {
			return all, err
		}
		again, err := NewReader(bytes.NewReader(m.Frame)).Next()
		if err != nil || keep(again) != keep(m) {
			return all, fmt.Errorf("the frame %q is not the message's: %w", m.Frame, err)
		}
		all = append(all, keep(m))
	}
}

func TestReader(t *testing.T) {
	long := strings.Repeat("long ", 20_000)
	stream := bytes.Join([][]byte{
		event(t, "messageStart", `{"role":"assistant"}`),
		event(t, "big", long),
		encode(t, `{"message":"slow"}`, sdk.Headers{
			{Name: ":message-type", Value: sdk.StringValue("exception")},
			{Name: ":exception-type", Value: sdk.StringValue("throttlingException")},
		}),
		encode(t, "", sdk.Headers{
			{Name: ":message-type", Value: sdk.StringValue("error")},
			{Name: ":error-code", Value: sdk.StringValue("500")},
			{Name: ":error-message", Value: sdk.StringValue("broken")},
		}),
		encode(t, "", nil),
		event(t, "last", "{}"),
	}, nil)
	want := []texts{
		{Type: "event", EventType: "messageStart", ContentType: "application/json", Payload: `{"role":"assistant"}`},
		{Type: "event", EventType: "big", ContentType: "application/json", Payload: long},
		{Type: "exception", ExceptionType: "throttlingException", Payload: `{"message":"slow"}`},
		{Type: "error", ErrorCode: "500", ErrorMessage: "broken"},
		{},
		{Type: "event", EventType: "last", ContentType: "application/json", Payload: "{}"},
	}
	sources := map[string]func(io.Reader) io.Reader{
		"at once":          func(r io.Reader) io.Reader { return r },
		"byte by byte":     iotest.OneByteReader,
		"in halves":        iotest.HalfReader,
		"end with data":    iotest.DataErrReader,
		"byte by byte, so": func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) },
	}
	for name, source := range sources {
		t.Run(name, func(t *testing.T) {
			got, err := readAll(source(bytes.NewReader(stream)))
			if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("ended by %v", err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReaderSkipsHeadersOfEveryType(t *testing.T) {
	frame := encode(t, "payload", sdk.Headers{
		{Name: "a", Value: sdk.BoolValue(true)},
		{Name: "b", Value: sdk.BoolValue(false)},
		{Name: "c", Value: sdk.Int8Value(1)},
		{Name: "d", Value: sdk.Int16Value(2)},
		{Name: "e", Value: sdk.Int32Value(3)},
		{Name: "f", Value: sdk.Int64Value(4)},
		{Name: "g", Value: sdk.BytesValue("bytes")},
		{Name: "h", Value: sdk.StringValue("")},
		{Name: "i", Value: sdk.TimestampValue(time.Unix(1, 0))},
		{Name: "j", Value: sdk.UUIDValue{1, 2}},
		{Name: ":message-type", Value: sdk.StringValue("event")},
	})
	got, err := NewReader(bytes.NewReader(frame)).Next()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(texts{Type: "event", Payload: "payload"}, keep(got)); diff != "" {
		t.Error(diff)
	}
}

// The reader distinguishes a stream that ends between two frames from one that is
// cut.
func TestReaderTellsCutFromEnd(t *testing.T) {
	first, second := event(t, "one", "{}"), event(t, "two", "{}")
	stream := append(bytes.Clone(first), second...)
	for n := range len(stream) + 1 {
		got, err := readAll(bytes.NewReader(stream[:n]))
		atEdge := n == 0 || n == len(first) || n == len(stream)
		if atEdge != (err == io.EOF) || atEdge == errors.Is(err, io.ErrUnexpectedEOF) { //nolint:errorlint // the very value
			t.Errorf("after %d bytes: %v", n, err)
		}
		want := 0
		if n >= len(first) {
			want++
		}
		if n == len(stream) {
			want++
		}
		if len(got) != want {
			t.Errorf("after %d bytes: %d frames", n, len(got))
		}
	}
}

// A checksum or a bound finds every changed bit.
func TestReaderFindsEveryChangedBit(t *testing.T) {
	frame := event(t, "one", `{"a":1}`)
	for i := range len(frame) * 8 {
		bad := bytes.Clone(frame)
		bad[i/8] ^= 1 << (i % 8)
		if _, err := NewReader(bytes.NewReader(bad)).Next(); !errors.Is(err, ErrFrame) {
			t.Errorf("bit %d: %v", i, err)
		}
	}
}

func TestReaderRefuses(t *testing.T) {
	tests := map[string]struct {
		stream []byte
		want   string
	}{
		"a frame too short":       {raw(15, 0, nil), "frame of 15 bytes, the shortest is 16"},
		"a frame too long":        {raw(MaxFrame+1, 0, nil), "frame of 16777217 bytes, the limit is 16777216"},
		"headers too long":        {raw(MaxFrame, MaxHeaders+1, nil), "headers of 131073 bytes, the limit is 131072"},
		"headers over the frame":  {raw(20, 5, make([]byte, 4)), "headers of 5 bytes in a frame of 20"},
		"a nameless header":       {withHeaders([]byte{0, typeTrue}), "name of a header of 0 bytes"},
		"a name cut":              {withHeaders([]byte{5, 'a', 'b'}), "name of a header of 5 bytes, 2 left"},
		"a name without a type":   {withHeaders([]byte{2, 'a', 'b'}), "name of a header of 2 bytes, 2 left"},
		"a type unknown":          {withHeaders([]byte{1, 'a', 10}), "header of unknown type 10"},
		"a value cut":             {withHeaders([]byte{1, 'a', typeLong, 1, 2}), "header's value of 8 bytes, 2 left"},
		"a string cut":            {withHeaders([]byte{1, 'a', typeString, 0, 3, 'x'}), "header's value of 3 bytes, 1 left"},
		"a length cut":            {withHeaders([]byte{1, 'a', typeBytes, 0}), "headers end inside a length"},
		"a type that is a number": {withHeaders(append([]byte{13}, ":message-type\x02\x01"...)), `header ":message-type" is of type 2`},
		"JSON instead of frames":  {[]byte(`{"message":"The security token included in the request is invalid"}`), "checksum of the prelude"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := NewReader(bytes.NewReader(append(tt.stream, event(t, "next", "{}")...)))
			msg, err := r.Next()
			if !errors.Is(err, ErrFrame) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if diff := cmp.Diff(texts{}, keep(msg)); diff != "" {
				t.Error(diff)
			}
			if _, again := r.Next(); again == nil || again.Error() != err.Error() {
				t.Errorf("then %v", again)
			}
		})
	}
}

func TestReaderPassesErrorsOn(t *testing.T) {
	broken := errors.New("connection reset")
	src := io.MultiReader(bytes.NewReader(event(t, "one", "{}")), iotest.ErrReader(broken))
	got, err := readAll(src)
	if len(got) != 1 || !errors.Is(err, broken) {
		t.Errorf("%d frames, then %v", len(got), err)
	}
}

// A large announced length alone does not grow the buffer.
func TestReaderGrowsWithWhatComes(t *testing.T) {
	r := NewReader(bytes.NewReader(raw(MaxFrame, 0, make([]byte, 10))))
	if _, err := r.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if len(r.buf) != firstBuffer {
		t.Errorf("buffer of %d bytes after 26 bytes of a frame", len(r.buf))
	}
}

func TestReaderReadsTheLongestFrame(t *testing.T) {
	frame := raw(MaxFrame, 0, make([]byte, MaxFrame-minFrame))
	msg, err := NewReader(bytes.NewReader(frame)).Next()
	if err != nil || len(msg.Payload) != MaxFrame-minFrame {
		t.Errorf("payload of %d bytes, %v", len(msg.Payload), err)
	}
}

func TestReaderDoesNotAllocate(t *testing.T) {
	frame := event(t, "contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":"hello"},"p":"abcdefgh"}`)
	r := NewReader(repeat(frame))
	allocs := testing.AllocsPerRun(1000, func() {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations a frame", allocs)
	}
}

// A long frame does not keep its memory for the rest of the stream.
func TestReaderReturnsALongBuffer(t *testing.T) {
	frames := AppendMessage(nil, nil, make([]byte, 2*keptBuffer))
	r := NewReader(bytes.NewReader(AppendMessage(frames, nil, []byte("{}"))))
	for _, want := range []int{2 * keptBuffer, 2} {
		if msg, err := r.Next(); err != nil || len(msg.Payload) != want {
			t.Fatalf("a payload of %d bytes, %v", len(msg.Payload), err)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) || len(r.buf) > keptBuffer {
		t.Errorf("a buffer of %d bytes", len(r.buf))
	}
}

// TestBuffered: of frames that come together, each but the last has another one behind it.
func TestBuffered(t *testing.T) {
	one := AppendMessage(nil, nil, []byte("one"))
	for name, c := range map[string]struct {
		reads [][]byte
		want  []bool
	}{
		"together":        {[][]byte{slices.Concat(one, one, one)}, []bool{true, true, false}},
		"one by one":      {[][]byte{one, one}, []bool{false, false}},
		"a part is not":   {[][]byte{slices.Concat(one, one[:len(one)-1]), one[len(one)-1:]}, []bool{false, false}},
		"a prelude's too": {[][]byte{slices.Concat(one, one[:11]), one[11:]}, []bool{false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var sources []io.Reader
			for _, r := range c.reads {
				sources = append(sources, bytes.NewReader(r))
			}
			r := NewReader(io.MultiReader(sources...))
			var got []bool
			for range c.want {
				if _, err := r.Next(); err != nil {
					t.Fatal(err)
				}
				got = append(got, r.Buffered())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
