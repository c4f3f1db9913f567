package eventstream

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/google/go-cmp/cmp"
)

// sdkDecoded reads one frame with the SDK's decoder, which must use all of it.
func sdkDecoded(t testing.TB, frame []byte) (headers []Header, payload string) {
	t.Helper()
	src := bytes.NewReader(frame)
	msg, err := sdk.NewDecoder().Decode(src, nil)
	if err != nil {
		t.Fatalf("the SDK rejects the frame: %v", err)
	}
	if src.Len() != 0 {
		t.Fatalf("the SDK leaves %d bytes of the frame", src.Len())
	}
	for _, h := range msg.Headers {
		headers = append(headers, Header{h.Name, h.Value.String()})
	}
	return headers, string(msg.Payload)
}

func TestAppendMessage(t *testing.T) {
	tests := map[string]struct {
		headers []Header
		payload string
	}{
		"nothing":         {nil, ""},
		"payload alone":   {nil, `{"a":1}`},
		"headers alone":   {[]Header{{":message-type", "error"}, {":error-code", "500"}, {":error-message", ""}}, ""},
		"event":           {[]Header{{":event-type", "chunk"}, {":content-type", "application/json"}, {":message-type", "event"}}, `{"bytes":"e30="}`},
		"longest header":  {[]Header{{strings.Repeat("n", 255), strings.Repeat("v", MaxHeaderValue)}}, "x"},
		"a large payload": {[]Header{{":event-type", "ü"}}, strings.Repeat("long ", 1<<20)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			frame := AppendMessage([]byte("before"), tt.headers, []byte(tt.payload))
			frame, kept := bytes.CutPrefix(frame, []byte("before"))
			if !kept {
				t.Fatal("what was in dst is gone")
			}
			headers, payload := sdkDecoded(t, frame)
			if diff := cmp.Diff(tt.headers, headers); diff != "" {
				t.Error(diff)
			}
			if payload != tt.payload {
				t.Errorf("payload of %d bytes, want %d", len(payload), len(tt.payload))
			}
		})
	}
}

// The bytes are the same as the SDK's encoder writes.
func TestAppendMessageIsTheSDKs(t *testing.T) {
	want := event(t, "messageStart", `{"role":"assistant"}`)
	got := AppendMessage(nil, []Header{
		{":event-type", "messageStart"}, {":content-type", "application/json"}, {":message-type", "event"},
	}, []byte(`{"role":"assistant"}`))
	if !bytes.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAppendMessageDoesNotAllocate(t *testing.T) {
	headers := []Header{{":event-type", "chunk"}, {":message-type", "event"}}
	payload := []byte(`{"bytes":"e30="}`)
	dst := make([]byte, 0, 1024)
	if allocs := testing.AllocsPerRun(1000, func() { dst = AppendMessage(dst[:0], headers, payload) }); allocs != 0 {
		t.Errorf("%v allocations a frame", allocs)
	}
}

// FuzzAppendMessage: two frames, one after the other in one buffer, come back from
// Reader as they were written, and the first from the SDK's decoder.
func FuzzAppendMessage(f *testing.F) {
	f.Add("chunk", "x", "y", []byte(`{"bytes":"e30="}`))
	f.Add("", ":content-type", "text/plain", []byte{})
	f.Add("a\x00b", strings.Repeat("n", 255), "\xff", []byte{0, 0, 0, 16})
	f.Fuzz(func(t *testing.T, kind, name, value string, payload []byte) {
		if len(kind) > MaxHeaderValue || name == "" || len(name) > 255 || len(value) > MaxHeaderValue || len(payload) > 1<<20 {
			return
		}
		headers := []Header{{":event-type", kind}, {name, value}}
		first := AppendMessage(nil, headers, payload)
		both := AppendMessage(bytes.Clone(first), []Header{{":message-type", "event"}}, nil)
		theirs, text := sdkDecoded(t, first)
		if diff := cmp.Diff(headers, theirs); diff != "" || text != string(payload) {
			t.Fatalf("%s\npayload %q, want %q", diff, text, payload)
		}
		r := NewReader(bytes.NewReader(both))
		msg, err := r.Next()
		want := kind
		if name == ":event-type" {
			want = value // the last one counts
		}
		if err != nil || string(msg.EventType) != want || !bytes.Equal(msg.Payload, payload) {
			t.Fatalf("got %+v, %v, want event type %q, payload %q", keep(msg), err, want, payload)
		}
		if msg, err = r.Next(); err != nil || string(msg.Type) != "event" || len(msg.Payload) != 0 {
			t.Fatalf("got %+v, %v, want an event without payload", keep(msg), err)
		}
		if _, err = r.Next(); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	})
}
