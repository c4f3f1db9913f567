package extproc

import (
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
	Facts     translator.Facts
	Summary   translator.Summary

	// Status is the HTTP status that was sent, 0 when none was.
	Status int
	// ErrorKind and AWSError are set when the answer was or ended in an error.
	ErrorKind translator.Kind
	AWSError  string
	// ClientGone says that the client left before its answer was complete.
	ClientGone bool

	BytesIn, BytesOut int
}

func (o *Outcome) setError(e *translator.Error) {
	o.ErrorKind, o.AWSError, o.Facts = e.Kind, e.AWSError, e.Facts
}
