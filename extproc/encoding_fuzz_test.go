package extproc

import (
	"bytes"
	"compress/gzip"
	"errors"
	"testing"

	"bedrock-extproc/translator"
)

// FuzzDecodeBody: no panic; a decoded body is within the limit; one without an encoding is unchanged;
// anything else is refused by a *translator.Error.
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
	f.Fuzz(func(t *testing.T, body []byte, encoding string, maxBody int) {
		maxBody = min(max(maxBody, len(body)), 1<<20)
		if len(body) > maxBody {
			return // receive refuses it
		}
		r := &request{body: bytes.Clone(body), encoding: encoding}
		if err := r.decodeBody(maxBody); err != nil {
			if _, ok := errors.AsType[*translator.Error](err); !ok {
				t.Fatalf("the error is a %T", err)
			}
			return
		}
		if len(r.body) > maxBody {
			t.Errorf("%d bytes, more than %d", len(r.body), maxBody)
		}
		if compressed, err := isGzip(encoding); err == nil && !compressed && !bytes.Equal(r.body, body) {
			t.Error("a body without an encoding was changed")
		}
	})
}
