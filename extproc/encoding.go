package extproc

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"

	"bedrock-extproc/translator"
)

// acceptedEncodings is the Accept-Encoding header of an answer that rejects an encoding.
// It lacks deflate, because clients disagree about its format.
const acceptedEncodings = "gzip, identity"

// decode decodes a body whose Content-Encoding is gzip, and refuses other encodings. Its
// limits also hold for the decoded body, while it is decoded. An error is a
// *translator.Error.
func (b *body) decode(encoding string) error {
	if len(b.bytes) == 0 {
		return nil
	}
	compressed, err := isGzip(encoding)
	if err != nil || !compressed {
		return err
	}
	decoded := body{admission: b.admission, max: b.max, expected: -1}
	if err := gunzip(&decoded, b.bytes); err != nil {
		decoded.release()
		return err
	}
	b.release()
	*b = decoded
	return nil
}

// isGzip reports whether a Content-Encoding header names gzip, once. Anything else but
// identity is an error. The names are those of RFC 9110, section 8.4.1.
func isGzip(encoding string) (compressed bool, err error) {
	for name := range strings.SplitSeq(encoding, ",") {
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "", "identity":
		case "gzip", "x-gzip":
			if compressed {
				return false, translator.ErrEncoding(sanitize(encoding))
			}
			compressed = true
		default:
			return false, translator.ErrEncoding(sanitize(encoding))
		}
	}
	return compressed, nil
}

func gunzip(decoded *body, compressed []byte) error {
	reader, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return translator.ErrBrokenGzip(err)
	}
	if _, err := io.Copy(decoded, reader); err != nil { //nolint:gosec // decoded has a limit
		if refusal, ok := errors.AsType[*translator.Error](err); ok {
			return refusal
		}
		return translator.ErrBrokenGzip(err)
	}
	return nil
}
