package converseapi

import (
	"bytes"
	"io"

	"bedrock-extproc/translator"
)

const (
	// maxReply bounds a whole reply, in bytes; images and documents come in base64.
	maxReply = 64 << 20
	// firstReply bounds the memory that a Content-Length alone reserves, in bytes.
	firstReply = 1 << 20
)

// readReply reads a whole reply of the given length, -1 if unknown.
func readReply(body io.Reader, length int64) ([]byte, error) {
	if length > maxReply {
		return nil, translator.ErrBadAnswer(translator.AnswerTooLarge, nil)
	}
	buf := bytes.NewBuffer(make([]byte, 0, min(max(length, 0), firstReply)+bytes.MinRead))
	n, err := buf.ReadFrom(io.LimitReader(body, maxReply+1))
	switch {
	case err != nil:
		return nil, cut(translator.ErrTruncated(err))
	case n > maxReply:
		return nil, translator.ErrBadAnswer(translator.AnswerTooLarge, nil)
	}
	return buf.Bytes(), nil
}

// checkReply rejects a reply that cannot be a JSON object. The dialect checks the
// rest.
func checkReply(reply []byte) error {
	reply = bytes.TrimSpace(reply)
	if len(reply) == 0 {
		return translator.ErrBadAnswer(translator.AnswerEmpty, nil)
	}
	if len(reply) < 2 || reply[0] != '{' || reply[len(reply)-1] != '}' {
		return translator.ErrBadAnswer(translator.AnswerNotJSON, nil)
	}
	return nil
}
