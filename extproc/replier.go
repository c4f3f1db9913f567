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
	// maxImmediate is the largest body sent as one message. Larger ones are sent in
	// pieces of pieceBytes, which Envoy forwards without a second copy.
	maxImmediate = 1 << 20
	pieceBytes   = 62 << 10
)

// replier sends the messages of one answer. One goroutine uses it.
type replier struct {
	stream  extprocv3.ExternalProcessor_ProcessServer
	outcome *Outcome
	req     *request
	begun   bool // the response headers are sent
}

// immediate sends a whole answer. e is the error that it reports, or nil.
func (r *replier) immediate(answer translator.Response, e *translator.Error) error {
	if len(answer.Body) > maxImmediate && e == nil && r.req.mode == modeFullDuplex {
		return r.inPieces(answer)
	}
	msg := &extprocv3.ProcessingResponse{
		Response: &extprocv3.ProcessingResponse_ImmediateResponse{
			ImmediateResponse: &extprocv3.ImmediateResponse{
				Status:  &typev3.HttpStatus{Code: typev3.StatusCode(answer.Status)}, //nolint:gosec // a status fits in an int32
				Headers: &extprocv3.HeaderMutation{SetHeaders: overwrite(r.headers(&answer, e))},
				Body:    answer.Body,
				Details: details(r.outcome.ErrorKind),
			},
		},
		DynamicMetadata: r.outcome.dynamicMetadata(),
	}
	if err := r.send(msg, len(answer.Body)); err != nil {
		return err
	}
	r.recordStatus(answer.Status)
	return nil
}

// inPieces sends a large whole answer as a streamed one of known length.
func (r *replier) inPieces(answer translator.Response) error {
	body := answer.Body
	if err := r.begin(answer, len(body)); err != nil {
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

// begin sends the status and headers of a streamed answer. length is the size of its
// body in bytes, or -1 when unknown.
func (r *replier) begin(answer translator.Response, length int) error {
	msg := streamedHeaders(answer.Status, length, r.headers(&answer, nil))
	// Envoy drops the last message of a stream whose client has left.
	msg.DynamicMetadata = r.outcome.dynamicMetadata()
	if err := r.send(msg, 0); err != nil {
		return err
	}
	r.begun = true
	r.recordStatus(answer.Status)
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

// send sends a message with that many bytes of body. A broken RPC means that the
// client is gone.
func (r *replier) send(msg *extprocv3.ProcessingResponse, bytes int) error {
	if err := r.stream.Send(msg); err != nil {
		r.outcome.ClientGone = true
		return errors.Join(errEndOfRPC, err)
	}
	r.outcome.BytesOut += bytes
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

// overwrite makes a header mutation out of plain headers.
func overwrite(headers []*corev3.HeaderValue) []*corev3.HeaderValueOption {
	options := make([]*corev3.HeaderValueOption, len(headers))
	for i, h := range headers {
		options[i] = &corev3.HeaderValueOption{Header: h, AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD}
	}
	return options
}
