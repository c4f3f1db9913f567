package extproc

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bedrock-extproc/translator"
)

// An Outcome is the record of one request: facts and numbers, no content and no
// credentials.
type Outcome struct {
	// Duration is the time from Facts.Start to the end of the answer.
	Duration time.Duration
	// FirstByte is the time from Facts.Start to the first byte of the response, 0 when
	// there was none.
	FirstByte time.Duration

	Method, Path string
	// API is the name of the dialect of a model call, "" for other requests.
	API string
	// Model is the requested name; "" for pages and for requests that were rejected
	// before it was known.
	Model     string
	Streaming bool
	// Guarded says that the request asks for a guardrail.
	Guarded bool
	Facts   translator.Facts
	Summary translator.Summary

	// Status is the HTTP status that was sent, 0 when none was.
	Status int
	// ErrorKind and AWSError are set when the answer is an error or ends in one.
	ErrorKind translator.Kind
	AWSError  string
	// ErrorClass is translator.Error.Class.
	ErrorClass string
	// ClientGone says that the client left before its answer was complete.
	ClientGone bool

	BytesIn, BytesOut int
}

// maxRecorded bounds a text in a record, in bytes. No modelId that Bedrock
// accepts is longer.
const maxRecorded = 2048

// sanitize makes a text from outside fit for a record. It bounds it, makes it valid
// UTF-8, without which protobuf rejects a whole message, and replaces control
// characters, which could forge a line of Envoy's access log or command a terminal.
func sanitize(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text[:min(len(text), maxRecorded)], "\uFFFD"))
}
