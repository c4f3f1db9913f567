package converseapi

import (
	"bytes"
	"io"

	"bedrock-extproc/translator"
)

// firstReply bounds the memory that a Content-Length alone reserves, in bytes.
const firstReply = 1 << 20

// readReply reads a whole reply of the given length, -1 if unknown. The caller bounds
// the body just above translator.MaxAnswer.
func readReply(body io.Reader, length int64) ([]byte, error) {
	if length > translator.MaxAnswer {
		return nil, tooLarge()
	}
	buf := bytes.NewBuffer(make([]byte, 0, min(max(length, 0), firstReply)+bytes.MinRead))
	n, err := buf.ReadFrom(body)
	switch {
	case err != nil:
		return nil, cut(translator.ErrTruncated(err))
	case n > translator.MaxAnswer:
		return nil, tooLarge()
	}
	return buf.Bytes(), nil
}

func tooLarge() error { return translator.ErrAnswerTooLarge("Bedrock's answer", translator.MaxAnswer) }

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
