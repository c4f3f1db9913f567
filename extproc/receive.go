package extproc

import (
	"errors"
	"fmt"
	"net/http"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"bedrock-extproc/translator"
)

// receive reads messages until the request has ended, which it does in one of
// three ways: with the headers, with a body message, or with trailers. The
// request is valid beside an error as far as it was read. A *translator.Error
// is an answer to the client; any other error means that there is no client.
func receive(stream extprocv3.ExternalProcessor_ProcessServer, maxBody int) (*request, error) {
	req := &request{}
	first, err := stream.Recv()
	if err != nil {
		return req, err
	}
	headers := first.GetRequestHeaders()
	if headers == nil {
		return req, fmt.Errorf("ext_proc: the first message is %T, not request_headers: set request_header_mode to SEND", first.GetRequest())
	}
	req.readHeaders(headers.GetHeaders())
	if headers.GetEndOfStream() {
		req.mode = first.GetProtocolConfig().GetRequestBodyMode()
		return req, nil
	}
	if err := req.setMode(first.GetProtocolConfig()); err != nil {
		return req, err
	}
	if req.contentLength > maxBody {
		return req, tooLarge(maxBody)
	}
	if req.mode == modeBuffered {
		// Envoy sends a buffered body only after the headers were answered.
		if err := stream.Send(continueHeaders()); err != nil {
			return req, err
		}
	}
	return req, req.readBody(stream, maxBody)
}

// readBody accumulates body messages up to the end of the request.
func (r *request) readBody(stream extprocv3.ExternalProcessor_ProcessServer, maxBody int) error {
	if r.contentLength > 0 {
		r.body = make([]byte, 0, r.contentLength)
	}
	for {
		msg, err := stream.Recv()
		if err != nil {
			return err
		}
		switch m := msg.GetRequest().(type) {
		case *extprocv3.ProcessingRequest_RequestBody:
			if len(r.body)+len(m.RequestBody.GetBody()) > maxBody {
				return tooLarge(maxBody)
			}
			r.body = append(r.body, m.RequestBody.GetBody()...)
			if m.RequestBody.GetEndOfStream() {
				return nil
			}
		case *extprocv3.ProcessingRequest_RequestTrailers:
			return nil
		}
	}
}

// setMode refuses the body modes in which a request cannot be answered whole.
func (r *request) setMode(cfg *extprocv3.ProtocolConfiguration) error {
	r.mode = cfg.GetRequestBodyMode()
	if cfg != nil && (r.mode == modeFullDuplex || r.mode == modeBuffered) {
		return nil
	}
	got := r.mode.String()
	if cfg == nil {
		got = "unknown, from an Envoy older than 1.34"
	}
	return &translator.Error{
		Status:  http.StatusInternalServerError,
		Kind:    translator.KindUnsupportedMode,
		Message: fmt.Sprintf("Envoy's ext_proc filter uses request_body_mode %s, in which this sidecar cannot answer.", got),
		Hint: "In the filter's processing_mode set request_header_mode: SEND, request_body_mode: FULL_DUPLEX_STREAMED " +
			"and request_trailer_mode: SEND (Envoy 1.37 or newer).",
		Cause: errUnsupportedMode,
	}
}

var errUnsupportedMode = errors.New("unsupported request_body_mode")

func tooLarge(maxBody int) error {
	return &translator.Error{
		Status:  http.StatusRequestEntityTooLarge,
		Kind:    translator.KindTooLarge,
		Message: fmt.Sprintf("The request body is larger than %d bytes.", maxBody),
	}
}
