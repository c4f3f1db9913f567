package extproc

import (
	"errors"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"

	"bedrock-extproc/translator"
)

const (
	contentTypeJSON = "application/json"
	contentTypeSSE  = "text/event-stream"

	// maxImmediate is the largest body sent as one message; above it a body goes
	// out in pieces of pieceBytes, which Envoy passes on without a second copy.
	maxImmediate = 1 << 20
	pieceBytes   = 62 << 10
)

// replier writes the messages of one answer. It knows what was sent already, and
// is used by one goroutine.
type replier struct {
	stream  extprocv3.ExternalProcessor_ProcessServer
	outcome *Outcome
	req     *request
	begun   bool // response headers are out
}

// immediate sends a whole answer. e is the error that it reports, or nil.
func (r *replier) immediate(status int, contentType string, body []byte, e *translator.Error) error {
	if len(body) > maxImmediate && e == nil && r.req.mode == modeFullDuplex {
		return r.inPieces(status, contentType, body)
	}
	msg := &extprocv3.ProcessingResponse{
		Response: &extprocv3.ProcessingResponse_ImmediateResponse{
			ImmediateResponse: &extprocv3.ImmediateResponse{
				Status:  &typev3.HttpStatus{Code: typev3.StatusCode(status)}, //nolint:gosec // a status fits in an int32
				Headers: &extprocv3.HeaderMutation{SetHeaders: overwrite(r.headers(contentType, e))},
				Body:    body,
				Details: details(r.outcome.ErrorKind),
			},
		},
		DynamicMetadata: r.outcome.dynamicMetadata(),
	}
	if err := r.send(msg, len(body)); err != nil {
		return err
	}
	r.answered(status)
	return nil
}

// inPieces sends a large whole answer as a streamed one of known length.
func (r *replier) inPieces(status int, contentType string, body []byte) error {
	if err := r.begin(status, contentType, len(body)); err != nil {
		return err
	}
	for len(body) > pieceBytes {
		if err := r.piece(body[:pieceBytes]); err != nil {
			return err
		}
		body = body[pieceBytes:]
	}
	return r.end(body)
}

// begin sends the response headers of a streamed answer, unless they are out.
// length is its size in bytes, or -1 when nobody knows.
func (r *replier) begin(status int, contentType string, length int) error {
	if r.begun {
		return nil
	}
	msg := streamedHeaders(status, length, r.headers(contentType, nil))
	// The last message of a stream whose client leaves is never sent.
	msg.DynamicMetadata = r.outcome.dynamicMetadata()
	if err := r.send(msg, 0); err != nil {
		return err
	}
	r.begun = true
	r.answered(status)
	return nil
}

// piece sends a part of a streamed answer's body.
func (r *replier) piece(body []byte) error {
	return r.send(streamedBody(body, false), len(body))
}

// end sends the last part of a streamed answer, which may be empty.
func (r *replier) end(body []byte) error {
	msg := streamedBody(body, true)
	msg.DynamicMetadata = r.outcome.dynamicMetadata()
	return r.send(msg, len(body))
}

// errEndOfRPC marks a send that failed because Envoy closed the RPC.
var errEndOfRPC = errors.New("envoy ended the call")

// send sends a message with that many bytes of body. It reports a broken RPC as
// a client that is gone: there is nobody to tell.
func (r *replier) send(msg *extprocv3.ProcessingResponse, bytes int) error {
	if err := r.stream.Send(msg); err != nil {
		r.outcome.ClientGone = true
		return errors.Join(errEndOfRPC, err)
	}
	r.outcome.BytesOut += bytes
	return nil
}

// answered takes down that the client has a status.
func (r *replier) answered(status int) {
	r.outcome.Status = status
	r.outcome.FirstByte = time.Since(r.outcome.Start)
}

// details is the stable token that Envoy logs as RESPONSE_CODE_DETAILS.
func details(kind translator.Kind) string {
	if kind == "" {
		return "bedrock_extproc_ok"
	}
	return "bedrock_extproc_" + string(kind)
}

// overwrite makes a header mutation out of plain headers.
func overwrite(headers []*corev3.HeaderValue) []*corev3.HeaderValueOption {
	options := make([]*corev3.HeaderValueOption, len(headers))
	for i, h := range headers {
		options[i] = &corev3.HeaderValueOption{Header: h, AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD}
	}
	return options
}
