package extproc

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"bedrock-extproc/translator"
)

const (
	// maxImmediate is the largest body sent as one message. Larger ones, and streams, are
	// sent in pieces of pieceBytes, which Envoy forwards without a second copy. gRPC takes a
	// buffer of 32 KiB for a piece, and keeps four of an answer that Envoy does not read; a
	// larger piece would get a buffer of 1 MiB.
	maxImmediate = 1 << 20
	pieceBytes   = 31 << 10

	// maxHeaderValue limits a response header, in bytes.
	maxHeaderValue = 512
)

// replier sends the messages of one answer. It is used by one goroutine.
type replier struct {
	stream  extprocv3.ExternalProcessor_ProcessServer
	outcome *Outcome
	req     *request
	sent    *atomic.Int64 // Outcome.BytesOut, for other goroutines
	begun   bool          // the response headers are sent

	// unread ends the RPC when Envoy has not taken a message for sendTimeout.
	unread *time.Timer
}

func newReplier(stream extprocv3.ExternalProcessor_ProcessServer, req *request, outcome *Outcome, sent *atomic.Int64) *replier {
	unread := time.AfterFunc(sendTimeout, func() { endRPC(stream.Context(), errUnread) })
	unread.Stop()
	return &replier{stream: stream, outcome: outcome, req: req, sent: sent, unread: unread}
}

// immediate sends a whole answer. e is the error that it reports, or nil.
func (r *replier) immediate(answer translator.Response, e *translator.Error) error {
	if len(answer.Body) > maxImmediate && e == nil && r.req.mode == modeFullDuplex {
		return r.inPieces(answer)
	}
	msg := immediateResponse(answer.Status, r.headers(&answer, e), answer.Body, details(r.outcome.ErrorKind), r.outcome.dynamicMetadata())
	if err := r.send(msg, len(answer.Body)); err != nil {
		return err
	}
	r.recordStatus(answer.Status)
	return nil
}

// inPieces sends a large whole answer as a streamed one of known length.
func (r *replier) inPieces(answer translator.Response) error {
	if err := r.begin(answer, len(answer.Body)); err != nil {
		return err
	}
	return r.end(answer.Body)
}

// begin sends the status and headers of a streamed answer. length is the size of its
// body in bytes, or -1 when unknown.
func (r *replier) begin(answer translator.Response, length int) error {
	// Envoy drops the last message of a stream whose client has left, so the first has facts, too.
	msg := streamedHeaders(answer.Status, length, r.headers(&answer, nil), r.outcome.dynamicMetadata())
	if err := r.send(msg, 0); err != nil {
		return err
	}
	r.begun = true
	r.recordStatus(answer.Status)
	return nil
}

// piece sends a part of a streamed answer's body.
func (r *replier) piece(body []byte) error {
	for part := range slices.Chunk(body, pieceBytes) {
		if err := r.send(streamedBody(part, false, nil), len(part)); err != nil {
			return err
		}
	}
	return nil
}

// end sends the last part of a streamed answer, which may be empty.
func (r *replier) end(body []byte) error { return r.last(body, true) }

// last sends the last part of a streamed answer, with the facts for Envoy, and ends it if
// ends is set.
func (r *replier) last(body []byte, ends bool) error {
	split := max(len(body)-pieceBytes, 0)
	if err := r.piece(body[:split]); err != nil {
		return err
	}
	return r.send(streamedBody(body[split:], ends, r.outcome.dynamicMetadata()), len(body)-split)
}

// flushTime is how long the last part of a stream travels ahead of its end when the stream
// is cut. HTTP/2 clients such as curl drop what arrives together with a reset.
const flushTime = 100 * time.Millisecond

// errCut ends the RPC of an answer that is to be cut off. Envoy can no longer send a
// status: it resets an HTTP/2 stream (INTERNAL_ERROR), and closes an HTTP/1.1 connection
// after its delayed_close_timeout, a second.
var errCut = status.Error(codes.Aborted, "the stream has failed")

// cut sends the last part of a streamed answer, and returns errCut after flushTime.
func (r *replier) cut(body []byte) error {
	if err := r.last(body, false); err != nil {
		return err
	}
	timer := time.NewTimer(flushTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.stream.Context().Done():
	}
	return errCut
}

// errEndOfRPC marks a send that failed because Envoy closed the RPC.
var errEndOfRPC = errors.New("envoy ended the call")

// send sends a message with that many bytes of body. A broken RPC means that the
// client is gone.
func (r *replier) send(msg response, bytes int) error {
	r.unread.Reset(sendTimeout)
	err := r.stream.SendMsg(msg)
	r.unread.Stop()
	if err != nil {
		r.outcome.ClientGone = true
		return errors.Join(errEndOfRPC, err)
	}
	r.outcome.BytesOut += bytes
	r.sent.Store(int64(r.outcome.BytesOut))
	return nil
}

// recordStatus records the response status and the time to the first byte.
func (r *replier) recordStatus(status int) {
	r.outcome.Status = status
	r.outcome.FirstByte = time.Since(r.req.start)
}

// details is the stable token that Envoy logs as RESPONSE_CODE_DETAILS.
func details(kind translator.Kind) string {
	if kind == "" {
		return "bedrock_extproc_ok"
	}
	return "bedrock_extproc_" + string(kind)
}

// headers returns the response headers of an answer. e adds headers of its own; nil
// adds none.
func (r *replier) headers(answer *translator.Response, e *translator.Error) []header {
	f := &r.outcome.Facts
	list := make([]header, 0, 12)
	list = appendHeader(list, "content-type", answer.ContentType)
	for _, h := range answer.Headers {
		list = appendHeader(list, h.Name, h.Value)
	}
	list = appendHeader(list, "x-request-id", r.req.requestID)
	list = appendHeader(list, "x-correlation-id", r.req.correlationID)
	list = appendHeader(list, "x-bedrock-backend", f.Backend)
	list = appendHeader(list, "x-bedrock-region", f.Region)
	list = appendHeader(list, "x-bedrock-request-id", f.AWSRequestID)
	if f.Attempts > 0 {
		list = appendHeader(list, "x-bedrock-attempts", strconv.Itoa(f.Attempts))
	}
	if e != nil {
		list = appendHeader(list, "allow", e.Allow)
		if e.Kind == translator.KindEncoding {
			list = appendHeader(list, "accept-encoding", acceptedEncodings)
		}
		if e.RetryAfter > 0 {
			seconds := int(math.Ceil(e.RetryAfter.Seconds()))
			list = appendHeader(list, "retry-after", strconv.Itoa(seconds))
		}
	}
	return list
}

// appendHeader skips a value that is empty or not legal: Envoy fails a whole response
// because of one bad byte.
func appendHeader(list []header, key, value string) []header {
	if !validHeaderValue(value) {
		return list
	}
	return append(list, header{key, value})
}

// validHeaderValue reports whether value is printable ASCII, neither empty nor too
// long.
func validHeaderValue(value string) bool {
	if value == "" || len(value) > maxHeaderValue {
		return false
	}
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return true
}
