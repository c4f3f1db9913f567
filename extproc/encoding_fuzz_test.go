package extproc

import (
	"bytes"
	"compress/gzip"
	"errors"
	"testing"

	"bedrock-extproc/translator"
)

// FuzzDecodeBody: no panic; a decoded body is within the limit; one without an encoding is unchanged;
// anything else is refused by a *translator.Error; and no memory stays counted.
func FuzzDecodeBody(f *testing.F) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(bytes.Repeat([]byte("body "), 50)); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	for _, encoding := range []string{"", "gzip", "identity, X-Gzip", "gzip,gzip", "br"} {
		f.Add(packed.Bytes(), encoding, 250)
		f.Add(packed.Bytes(), encoding, 10)
		f.Add([]byte("{}"), encoding, 2)
	}
	f.Fuzz(func(t *testing.T, input []byte, encoding string, maxBody int) {
		maxBody = min(max(maxBody, len(input)), 1<<20)
		if len(input) > maxBody {
			return // receive refuses it
		}
		memory := newAdmission(0, 0)
		b := &body{admission: memory, max: maxBody, expected: -1}
		if _, err := b.Write(input); err != nil {
			t.Fatal(err)
		}
		if err := b.decode(encoding); err != nil {
			if _, ok := errors.AsType[*translator.Error](err); !ok {
				t.Fatalf("the error is a %T", err)
			}
		} else if len(b.bytes) > maxBody {
			t.Errorf("%d bytes, more than %d", len(b.bytes), maxBody)
		} else if compressed, err := isGzip(encoding); err == nil && !compressed && !bytes.Equal(b.bytes, input) {
			t.Error("a body without an encoding was changed")
		}
		b.release()
		for _, u := range memory.uses() {
			if u.Current != 0 {
				t.Errorf("%d bytes stay counted", u.Current)
			}
		}
	})
}
