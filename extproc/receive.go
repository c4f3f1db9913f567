package extproc

import (
	"errors"
	"slices"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"bedrock-extproc/translator"
)

// maxPreallocated limits the memory, in bytes, that is allocated because of a
// content-length alone.
const maxPreallocated = 1 << 20

// receive reads messages until the request ends: with the headers, with a body
// message, or with trailers. After an error, r has what was read. A *translator.Error
// is for the client; any other error means that no answer can be sent.
func (r *request) receive(stream extprocv3.ExternalProcessor_ProcessServer, maxBody int) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	r.mode = first.GetProtocolConfig().GetRequestBodyMode()
	headers := first.GetRequestHeaders()
	if headers == nil {
		return unsupported("request_header_mode SKIP")
	}
	r.readHeaders(headers.GetHeaders())
	r.metadata, r.attributes = first.GetMetadataContext().GetFilterMetadata(), first.GetAttributes()
	if headers.GetEndOfStream() {
		return nil
	}
	if err := checkMode(first.GetProtocolConfig()); err != nil {
		return err
	}
	if r.contentLength > maxBody {
		return translator.ErrTooLarge(maxBody)
	}
	if r.mode == modeBuffered {
		// Envoy sends a buffered body only after a reply to the headers.
		if err := stream.Send(continueHeaders()); err != nil {
			return err
		}
	}
	return r.readBody(stream, maxBody)
}

// readBody collects body messages up to the end of the request.
func (r *request) readBody(stream extprocv3.ExternalProcessor_ProcessServer, maxBody int) error {
	r.body = make([]byte, 0, min(max(r.contentLength, 0), maxPreallocated))
	for {
		msg, err := stream.Recv()
		if err != nil {
			return err
		}
		if msg.GetRequestTrailers() != nil {
			return nil
		}
		body := msg.GetRequestBody()
		if len(r.body)+len(body.GetBody()) > maxBody {
			return translator.ErrTooLarge(maxBody)
		}
		r.grow(len(body.GetBody()))
		r.body = append(r.body, body.GetBody()...)
		// A buffered body is one message. It lacks end_of_stream when trailers follow,
		// which Envoy sends only after a reply.
		if body.GetEndOfStream() || body != nil && r.mode == modeBuffered {
			return nil
		}
	}
}

// continueHeaders lets Envoy continue in BUFFERED mode, in which it waits for this.
func continueHeaders() *extprocv3.ProcessingResponse {
	return &extprocv3.ProcessingResponse{
		Response: &extprocv3.ProcessingResponse_RequestHeaders{RequestHeaders: &extprocv3.HeadersResponse{}},
	}
}

// grow makes room for n more bytes. It at least doubles the buffer: append grows in
// smaller steps, which copy a body of many megabytes a dozen times.
func (r *request) grow(n int) {
	if free := cap(r.body) - len(r.body); n > free {
		r.body = slices.Grow(r.body, max(n, len(r.body)))
	}
}

// checkMode rejects body modes in which the sidecar cannot answer.
func checkMode(cfg *extprocv3.ProtocolConfiguration) error {
	mode := cfg.GetRequestBodyMode()
	switch {
	case cfg == nil:
		return unsupported("an unknown request_body_mode (versions before Envoy 1.34 do not send it)")
	case mode == modeFullDuplex || mode == modeBuffered:
		return nil
	default:
		return unsupported("request_body_mode " + mode.String())
	}
}

var errUnsupportedMode = errors.New("unsupported processing_mode")

func unsupported(setting string) error {
	return translator.ErrUnsupportedMode(setting, errUnsupportedMode)
}
