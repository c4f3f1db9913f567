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

	// Upload is the time from Facts.Start to the end of the request's body, and
	// Translation the time that its translation took after that. Both are 0 for requests
	// that did not get so far.
	Upload, Translation time.Duration
	// FirstToken and LastToken are the times from Facts.Start to the first and to the
	// last piece of a streamed answer's content, as they came from Bedrock.
	FirstToken, LastToken time.Duration
	// StartWait is the time between a stream's first event from Bedrock and the first one
	// that the client gets a part of: in some APIs the start of a message has no event.
	StartWait time.Duration

	Method, Path string
	// API is the name of the dialect of a model call, "" for other requests.
	API string
	// Model is the requested name; "" for pages and for requests that were rejected
	// before it was known.
	Model string
	// ModelLabel stands for Model in metrics: a name of the configuration, or OtherModel.
	ModelLabel string
	Streaming  bool
	// Tenant is whom metrics count the call for, "" for nobody.
	Tenant string
	// CountTokens says that the call only counts tokens.
	CountTokens bool
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
	// KeepAlives counts the keep-alives that were sent on the stream.
	KeepAlives int
	// TraceParent and TraceState are the W3C trace context of the request, as they came.
	TraceParent, TraceState string
}

// applySummary records the numbers of an answer. Those of one that could not be read keep
// the warnings of the request.
func (o *Outcome) applySummary(s translator.Summary) {
	if s.Warnings == nil {
		s.Warnings = o.Summary.Warnings
	}
	o.Summary = s
}

// Waited is the time that a call spent waiting for Bedrock before the first byte of
// its answer: for answers and failures, between attempts, and for the first event of a
// stream that the client gets a part of.
func (o *Outcome) Waited() time.Duration {
	sum := o.StartWait
	for _, a := range o.Facts.Trail {
		sum += a.Wait + a.Pause
	}
	return sum
}

// Overhead is the time that the sidecar itself added before the first byte of an answer
// from Bedrock: the time since the end of the request without Waited. known is false for
// calls without such an answer, and for streams whose headers were sent before it.
func (o *Outcome) Overhead() (overhead time.Duration, known bool) {
	overhead = o.FirstByte - o.Upload - o.Waited()
	return overhead, o.FirstByte > 0 && o.ErrorKind == "" && len(o.Facts.Trail) > 0 && overhead >= 0
}

// maxRecorded bounds a text in a record, in bytes. No modelId that Bedrock
// accepts is longer.
const maxRecorded = 2048

// sanitize makes a text from outside fit for a record. It bounds it and what it keeps in
// memory, makes it valid UTF-8, without which protobuf rejects a whole message, and replaces
// control characters, which could forge a line of Envoy's access log or command a terminal.
func sanitize(text string) string {
	if len(text) > maxRecorded {
		text = strings.Clone(text[:maxRecorded])
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
