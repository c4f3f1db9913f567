package fakebedrock

import (
	"net/http"
	"time"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// Behaviour controls how one call is answered. The zero value is a successful answer.
//
// It applies in this order: Hang; Delay; HTTP; Exception (unless Fault is
// FaultException and the call streams); validation of the request; the answer, with
// its Fault.
type Behaviour struct {
	// Hang sends nothing, not even a status, until the client disconnects.
	Hang bool

	// Delay is the time before the response's status.
	Delay time.Duration

	// HTTP is a response that Bedrock itself would not send.
	HTTP *HTTPAnswer

	// Exception rejects the call. With FaultException it is sent inside the stream.
	Exception *Exception

	// Reply is the answer, whole or streamed. If nil, it is composed from the request
	// and Answer.
	Reply *Reply
	Answer

	// Events are the stream's events, instead of those made from the reply.
	Events []Event

	// Pace is the time between the tokens of a stream. 0 means Config.Pace; a negative
	// value means none.
	Pace time.Duration

	// Gate, if not nil, holds back each event of a stream, or a whole answer, until a
	// value is received from it. Closing it releases everything.
	Gate <-chan struct{}

	// Fault happens in the answer after After events. In a whole answer it happens in
	// the middle of the body; see the constants.
	Fault Fault
	After int

	// SplitWrites sends the body in pieces of this many bytes. 0 does not split.
	SplitWrites int

	// SlowHead is the time between the bytes of the status and headers. It applies to
	// HTTP/1.1 only, and closes the connection afterwards.
	SlowHead time.Duration

	// CloseConnection closes the connection after the response.
	CloseConnection bool
}

// Answer changes a composed reply.
type Answer struct {
	// Text replaces the composed text.
	Text string

	// Tokens, if not 0, makes the answer a text of this many tokens.
	Tokens int

	// Reasoning, if not "", adds a signed thought with this text.
	Reasoning string

	// Show lists kinds of content to add; see Knobs.
	Show []string

	// StopReason replaces the reply's.
	StopReason string
}

// Reply is an assistant's turn; see package converse.
type Reply = converse.Reply

// Usage is the token usage of a Reply.
type Usage = converse.Usage

// CacheDetail is the tokens written to the prompt cache with one TTL.
type CacheDetail = converse.CacheDetail

// ReplyBlock is a content block of a Reply: {"text": "hi"}.
type ReplyBlock = converse.ReplyBlock

// Event is one event of a stream.
type Event struct {
	// Type is the :event-type, such as contentBlockDelta.
	Type string

	// Members are the payload's members, without the padding, which is added. Values
	// are as in a ReplyBlock.
	Members map[string]any

	// Raw, if not nil, is the whole payload, sent without padding.
	Raw []byte
}

// HTTPAnswer is a response that is sent unchanged.
type HTTPAnswer struct {
	Status int
	Header http.Header
	Body   string
}

// Fault is a failure within an answer.
type Fault string

// The faults. Connection faults also apply to whole answers, in the middle of the
// body; the others need a stream.
const (
	FaultNone Fault = ""

	// Connection faults.
	FaultCut      Fault = "cut"       // closed between frames, without the HTTP end of the response
	FaultCutFrame Fault = "cut-frame" // closed within a frame
	FaultReset    Fault = "reset"     // RST, or RST_STREAM on HTTP/2
	FaultEnd      Fault = "end"       // the HTTP response ends properly, between frames
	FaultEndFrame Fault = "end-frame" // the HTTP response ends properly, within a frame
	FaultStall    Fault = "stall"     // nothing more until the client disconnects

	// Frame faults. The stream continues, except as noted.
	FaultPreludeCRC   Fault = "prelude-crc"   // a wrong checksum of the prelude
	FaultMessageCRC   Fault = "message-crc"   // a wrong checksum of the message
	FaultNoType       Fault = "no-type"       // a frame without :message-type
	FaultBadJSON      Fault = "bad-json"      // a payload that is not JSON
	FaultException    Fault = "exception"     // Behaviour.Exception as a frame, then the end
	FaultErrorMessage Fault = "error-message" // a frame of :message-type error, then the end

	// Additional events. The stream continues.
	FaultUnknownEvent Fault = "unknown-event" // an event of an unknown type
	FaultUnknownDelta Fault = "unknown-delta" // a delta of an unknown kind
	FaultUnknownBlock Fault = "unknown-block" // a block of an unknown kind, then a text block; also in whole answers

	// Missing events. After is ignored.
	FaultNoStop     Fault = "no-stop"     // ends before messageStop
	FaultNoMetadata Fault = "no-metadata" // ends before metadata
)
