package extproc

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"

	"bedrock-extproc/translator"
)

// acceptedEncodings is the Accept-Encoding header of an answer that rejects an encoding.
// It lacks deflate, because clients disagree about its format.
const acceptedEncodings = "gzip, identity"

// decodeBody decodes a body whose Content-Encoding is gzip, and refuses other encodings.
// maxBody limits the decoded body, in bytes, while it is decoded. An error is a
// *translator.Error.
func (r *request) decodeBody(maxBody int) error {
	if len(r.body) == 0 {
		return nil
	}
	compressed, err := isGzip(r.encoding)
	if err != nil || !compressed {
		return err
	}
	r.body, err = gunzip(r.body, maxBody)
	return err
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

func gunzip(body []byte, maxBody int) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, translator.ErrBrokenGzip(err)
	}
	var decoded bytes.Buffer
	decoded.Grow(min(4*len(body), maxBody, maxPreallocated))
	switch _, err := decoded.ReadFrom(io.LimitReader(reader, int64(maxBody)+1)); {
	case err != nil:
		return nil, translator.ErrBrokenGzip(err)
	case decoded.Len() > maxBody:
		return nil, translator.ErrTooLarge(maxBody)
	}
	return decoded.Bytes(), nil
}
