// Package translator is the vocabulary of one call: what a dialect reads from
// the client, what goes to Bedrock, and what comes back.
//
// It connects extproc, which knows Envoy and no JSON, and internal/bedrock, which
// knows AWS and no client. The packages below it are pure functions over bytes: no
// network, no log, no clock.
package translator

import "time"

// A Dialect is one client-facing API. Implementations are immutable and safe
// for concurrent use.
type Dialect interface {
	// Name is the dialect's name in configuration, facts, logs and metrics: one lower-case
	// word.
	Name() string
	// Routes lists the HTTP routes that the dialect answers with a model call.
	Routes() []Route
	// Scopes lists the paths at which the dialect encodes the errors of requests that
	// match no route.
	Scopes() []Scope
	// Decode reads a client's request. An error is always an *Error.
	Decode(req Request) (*Call, error)
	// EncodeError returns the answer in which the dialect's clients expect e. Its
	// status may differ from e.Status.
	EncodeError(e *Error) Response
}

// Defaults are what a backend's configuration adds to requests. The zero value
// adds nothing. It is read-only.
type Defaults struct {
	// Models are names that clients may ask for. A Call keeps the name; the rules of model
	// families apply to the id.
	Models Aliases
	// Guardrail is used by requests that name none; nil for no guardrail.
	Guardrail *Guardrail
	// RequestMetadata are entries of Converse's requestMetadata, such as tags for the
	// attribution of costs. They replace entries of the same name in the request.
	RequestMetadata map[string]string
}

// A Guardrail is Converse's guardrailConfig. Empty fields are not sent.
type Guardrail struct {
	ID      string
	Version string
	Trace   string
	// StreamMode is sent with streams only.
	StreamMode string
	// Enforced replaces the guardrail that a request names.
	Enforced bool
}

// A Call is one translated request, ready to be sent. It belongs to one
// goroutine at a time.
type Call struct {
	// Model is the name that the client asked for, or Request.DefaultModel.
	Model string
	// Body is the Converse (or ConverseStream) request, without modelId, as JSON.
	Body []byte
	// Streaming selects ConverseStream.
	Streaming bool
	// CountTokens selects CountTokens: Body is its request, without modelId, and the reply
	// its reply. It excludes Streaming.
	CountTokens bool
	// CountBase says that tokens are counted for the foundation model behind an inference
	// profile: Bedrock counts for no profile.
	CountBase bool
	// Guarded says that Body asks for a guardrail.
	Guarded bool
	// RequestID is for the log. The dialect leaves it empty.
	RequestID string
	// CutFailed says that a stream that fails is cut off after its error event, so that
	// HTTP clients report the failure. Otherwise it ends as a complete one does.
	CutFailed bool
	// Warnings lists the differences between the client's request and Body.
	Warnings []Warning
	// Encoder turns what Bedrock answers into what this client expects.
	Encoder Encoder
}

// A Warning describes one part of a request that was changed or not sent.
type Warning struct {
	// Code is stable, such as "blank_text_dropped".
	Code string
	// Path is the place in the client's request, such as "messages[3].content".
	Path string
	// Detail is a sentence without content of the request.
	Detail string
	// Evidence says how it is known that Bedrock refuses what was repaired, "" where
	// nothing is to say. It is for the operator, and not part of answers.
	Evidence string
}

// An Encoder writes the answer to one call: EncodeReply for a whole one, the
// other methods for a streamed one.
//
// AppendKeepAlive is never called while NewStream or a method of its Stream runs,
// and needs no lock. StreamHeaders may run at any time.
type Encoder interface {
	// EncodeReply turns the body of a Converse reply into the client's answer.
	// An error is always an *Error: the reply is not one of Converse.
	EncodeReply(reply []byte, facts Facts) (Response, Summary, error)
	// StreamHeaders are the headers of a streamed answer, content-type first. Of
	// facts only RequestID and Start are set when the headers go out before Bedrock
	// has answered.
	StreamHeaders(facts Facts) []Header
	// AppendKeepAlive appends the bytes that keep a silent stream open. It may append
	// nothing: then only the response headers are sent, unless they were sent before.
	AppendKeepAlive(dst []byte) []byte
	// NewStream starts the client's event stream.
	NewStream(facts Facts) Stream
}

// A Stream writes one client event stream. It is not safe for concurrent use.
// Every method appends whole events to dst and returns the extended slice. A stream has
// one end, success or error: after its last event the methods append nothing.
type Stream interface {
	// AppendEvent translates one Converse event. It keeps nothing of ev. An
	// error is always an *Error; what was appended before it is still valid.
	AppendEvent(dst []byte, ev Event) ([]byte, error)
	// AppendEnd appends the events that complete the stream after Bedrock's last event.
	AppendEnd(dst []byte) []byte
	// AppendError appends the in-band error event, and what else ends a failed stream.
	// It is called at most once, as the last method but Summary.
	AppendError(dst []byte, e *Error) []byte
	// Summary returns the numbers of the stream so far, for logs and metrics.
	Summary() Summary
}

// An Event is one ConverseStream event. Payload and Frame are valid until the next event
// is read.
type Event struct {
	// Kind is the :event-type header, such as "contentBlockDelta".
	Kind string
	// Payload is the event's JSON object.
	Payload []byte
	// Frame is the event's whole frame in Bedrock's stream, with its headers and valid
	// checksums; nil if there was none.
	Frame []byte
	// More says that the next event has arrived, too.
	More bool
}

// Facts describe a call without its content. They reach the client in metadata and in
// errors. All fields may be empty.
type Facts struct {
	// Start is when the request arrived. Dialects derive times and ids from it.
	Start time.Time
	// RequestID is the client's X-Request-Id or our own.
	RequestID string
	// AWSRequestID is Bedrock's x-amzn-RequestId.
	AWSRequestID string
	// Backend is the configured name of the backend that answered.
	Backend string
	// Asked is the name of the backend that was to answer: another one than Backend after
	// a fallback.
	Asked string
	// Region is the AWS region that was called.
	Region string
	// ModelID is the modelId sent to Bedrock.
	ModelID string
	// Price is that of the model, zero when there is none.
	Price Price
	// Attempts counts the HTTP calls made, 0 when none was.
	Attempts int
	// Trail lists the attempts in their order, also those that sent nothing. It is
	// read-only.
	Trail []Attempt
}

// IsZero reports whether nothing is known.
func (f *Facts) IsZero() bool { return f.Start.IsZero() && f.RequestID == "" && f.Backend == "" }

// An Attempt is one attempt to get an answer from Bedrock.
type Attempt struct {
	Backend, Region, ModelID string
	// AWSRequestID is as in Facts.
	AWSRequestID string
	Start        time.Time
	// Sent says that an HTTP request was made.
	Sent bool
	// Wait is the time between the HTTP request and its answer: the whole one, or the
	// first event of a stream. Pause is the wait before the next attempt.
	Wait, Pause time.Duration
	// Took is the time from Start to the end of Wait, also of an attempt that sent nothing.
	// It includes fetching credentials and signing.
	Took time.Duration
	// ErrorKind, AWSError and ErrorClass are those of a failed attempt's Error.
	ErrorKind            Kind
	AWSError, ErrorClass string
	// CoolDown is how long calls of the model avoid the backend from now on, 0 if this
	// attempt did not begin a cool-down.
	CoolDown time.Duration
}

// A Summary has the numbers of an answer, and no content.
type Summary struct {
	StopReason       string
	InputTokens      int64
	OutputTokens     int64
	CacheReadTokens  int64
	CacheWriteTokens int64
	// UsageKnown says that Bedrock reported token counts.
	UsageKnown bool
	// Warnings lists the differences between the client's request and what was sent, and
	// between Bedrock's answer and the client's. It is read-only.
	Warnings []Warning
}

// A Caller holds the AWS credentials and region of a request's four X-AWS-* headers,
// and what Envoy knows about the caller. The keys are secret and live as long as the
// call. The zero value is an anonymous caller without keys.
type Caller struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	// Region overrides the backend's region. It is only set together with the keys.
	Region string
	// Values are the caller's identity by the names of the configuration, for its
	// templates. Read-only.
	Values map[string]string
}

// HasKeys reports whether the caller brought credentials.
func (c Caller) HasKeys() bool { return c.AccessKeyID != "" && c.SecretAccessKey != "" }
