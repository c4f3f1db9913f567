package fakebedrock

import (
	"net/http"
	"time"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// Behaviour is what one call meets. The zero value is a good answer.
//
// A call goes through it in this order: Hang; Delay; HTTP; Exception (unless it
// is a Fault's); validation of the request; the answer, with its Fault.
type Behaviour struct {
	// Hang never answers, not even with a status. The call ends when the client
	// leaves.
	Hang bool

	// Delay is the wait before the response's status.
	Delay time.Duration

	// HTTP answers with something that is not Bedrock's.
	HTTP *HTTPAnswer

	// Exception refuses the call; with FaultException it breaks the stream instead.
	Exception *Exception

	// Reply is the answer, whole or streamed. nil means one that is composed from
	// the request as Answer says.
	Reply *Reply
	Answer

	// Events is the stream, in place of the one made from the reply.
	Events []Event

	// Pace is the wait between the tokens of a stream. 0 means Config.Pace; less
	// than 0 none.
	Pace time.Duration

	// Gate, when not nil, holds each event of a stream, and a whole answer, until a
	// value is received. Closing it releases all.
	Gate <-chan struct{}

	// Fault goes wrong in the answer after so many events. In a whole answer,
	// which has no events, it strikes in the middle of the body; see the constants.
	Fault Fault
	After int

	// SplitWrites sends the body in pieces of so many bytes. 0 means as it comes.
	SplitWrites int

	// SlowHead is the wait between the bytes of the status and headers. HTTP/1.1
	// only; the connection is closed afterwards.
	SlowHead time.Duration

	// CloseConnection ends the connection after the response.
	CloseConnection bool
}

// Answer bends a composed reply.
type Answer struct {
	// Text is said instead of anything that the request suggests.
	Text string

	// Tokens makes the answer a text of so many tokens.
	Tokens int

	// Show names kinds of content to add; see Knobs.
	Show []string

	// StopReason replaces the reply's.
	StopReason string
}

// Reply is an assistant's turn; see package converse.
type Reply = converse.Reply

// Usage counts the tokens of a Reply.
type Usage = converse.Usage

// CacheDetail counts what a call wrote to the prompt cache.
type CacheDetail = converse.CacheDetail

// ReplyBlock is a content block of a Reply: {"text": "hi"}.
type ReplyBlock = converse.ReplyBlock

// Event is one event of a stream.
type Event struct {
	// Type is the :event-type, such as contentBlockDelta.
	Type string

	// Members are the payload's. Padding is added to them. The values are as in a
	// ReplyBlock.
	Members map[string]any

	// Raw, when not nil, is the whole payload instead, without padding.
	Raw []byte
}

// HTTPAnswer is a response that is sent as it is.
type HTTPAnswer struct {
	Status int
	Header http.Header
	Body   string
}

// Fault is something that goes wrong within an answer.
type Fault string

// The faults. Those of a connection also strike whole answers, in the middle of
// the body; the others need a stream.
const (
	FaultNone Fault = ""

	// The connection.
	FaultCut      Fault = "cut"       // closed at the edge of a frame, without HTTP's own end
	FaultCutFrame Fault = "cut-frame" // closed within a frame
	FaultReset    Fault = "reset"     // reset: RST, or RST_STREAM on HTTP/2
	FaultEnd      Fault = "end"       // a proper end of the response at the edge of a frame
	FaultEndFrame Fault = "end-frame" // a proper end of the response within a frame
	FaultStall    Fault = "stall"     // silence until the client leaves

	// Frames. The stream goes on after a bad one.
	FaultPreludeCRC   Fault = "prelude-crc"   // a wrong checksum of the lengths
	FaultMessageCRC   Fault = "message-crc"   // a wrong checksum of the frame
	FaultNoType       Fault = "no-type"       // a frame without :message-type
	FaultBadJSON      Fault = "bad-json"      // a payload that is not JSON
	FaultException    Fault = "exception"     // Behaviour.Exception as a frame, then the end
	FaultErrorMessage Fault = "error-message" // a frame of :message-type error, then the end

	// Events. They are added to the stream, which goes on.
	FaultUnknownEvent Fault = "unknown-event" // of a type that no model names
	FaultUnknownDelta Fault = "unknown-delta" // a delta of a kind that no model names
	FaultUnknownBlock Fault = "unknown-block" // a whole block of such a kind, with a text after it; whole answers too

	// Events that are missing. After does not matter.
	FaultNoStop     Fault = "no-stop"     // ends before messageStop
	FaultNoMetadata Fault = "no-metadata" // ends before metadata
)
