package chat

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/rawjson"
)

// encodeError writes {"detail", "error"}. A malformed request's detail is the
// list that FastAPI's clients know.
func encodeError(e *translator.Error) []byte {
	w := newWriter(512)
	if e.Kind == translator.KindMalformed {
		w.member("detail", malformedDetail(e))
	} else {
		w.text("detail", e.Message)
	}
	w.member("error", errorObject(e))
	return w.end()
}

func malformedDetail(e *translator.Error) []byte {
	w := newWriter(256)
	w.member("loc", location(e.Path))
	w.text("msg", e.Message)
	w.text("type", string(e.Kind))
	return list([]jsontext.Value{w.end()})
}

// location turns "messages[0].content" into ["body","messages",0,"content"].
func location(path string) []byte {
	loc := []jsontext.Value{rawjson.Quote("body")}
	for _, token := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		if _, err := strconv.ParseUint(token, 10, 32); err == nil {
			loc = append(loc, jsontext.Value(token))
			continue
		}
		loc = append(loc, rawjson.Quote(token))
	}
	return list(loc)
}

// errorObject is the same in error bodies and error events.
func errorObject(e *translator.Error) []byte {
	w := newWriter(384)
	w.text("type", string(e.Kind))
	w.member("status", strconv.AppendInt(nil, int64(e.Status), 10))
	w.member("retryable", strconv.AppendBool(nil, e.Retryable))
	for _, m := range []struct{ name, value string }{
		{"aws_error", e.AWSError},
		{"aws_request_id", e.Facts.AWSRequestID},
		{"request_id", e.Facts.RequestID},
		{"backend", e.Facts.Backend},
		{"region", e.Facts.Region},
		{"model", e.Facts.ModelID},
		{"path", e.Path},
		{"hint", e.Hint},
	} {
		if m.value != "" {
			w.text(m.name, m.value)
		}
	}
	return w.end()
}
