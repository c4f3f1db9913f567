package eventstream

import (
	"io"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

func BenchmarkReader(b *testing.B) {
	frame := event(b, "contentBlockDelta", `{"contentBlockIndex":0,"delta":{"text":" a few words"},"p":"abcdefghijklmnopqrstuvwxyz"}`)
	b.Run("ours", func(b *testing.B) {
		r := NewReader(repeat(frame))
		b.SetBytes(int64(len(frame)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := r.Next(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("SDK", func(b *testing.B) {
		src, decoder, payload := repeat(frame), sdk.NewDecoder(), make([]byte, 0, 10<<10)
		b.SetBytes(int64(len(frame)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decoder.Decode(src, payload[:0]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// repeat is a source of the same frame again and again.
func repeat(frame []byte) io.Reader { return &repeater{frame: frame} }

type repeater struct {
	frame []byte
	at    int
}

func (r *repeater) Read(p []byte) (n int, err error) {
	for n < len(p) {
		k := copy(p[n:], r.frame[r.at:])
		n, r.at = n+k, (r.at+k)%len(r.frame)
	}
	return n, nil
}
