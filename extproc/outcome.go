package extproc

import (
	"strings"
	"time"

	"bedrock-extproc/translator"
)

// An Outcome is the record of one request: facts and numbers, no content and no
// credentials.
type Outcome struct {
	Start    time.Time
	Duration time.Duration
	// FirstByte is the time from Start to the first byte of the response, 0 when
	// there was none.
	FirstByte time.Duration

	Method, Path string
	// Model is the name that was asked for; "" for pages and refusals.
	Model     string
	Streaming bool
	// Guarded says that a guardrail was asked for.
	Guarded bool
	Facts   translator.Facts
	Summary translator.Summary

	// Status is the HTTP status that was sent, 0 when none was.
	Status int
	// ErrorKind and AWSError are set when the answer was or ended in an error.
	ErrorKind translator.Kind
	AWSError  string
	// ClientGone says that the client left before its answer was complete.
	ClientGone bool

	BytesIn, BytesOut int
}

// maxRecorded bounds a text in a record, in bytes. No modelId that Bedrock
// accepts is longer.
const maxRecorded = 2048

// recordable bounds and cleans a text that came from outside: protobuf refuses
// a whole message over one string that is not UTF-8.
func recordable(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxRecorded)], "\uFFFD")
}
