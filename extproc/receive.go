package extproc

import (
	"errors"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"bedrock-extproc/translator"
)

// receiveHeaders reads the first message. A *translator.Error is for the client; any
// other error means that no answer can be sent.
func (r *request) receiveHeaders(stream extprocv3.ExternalProcessor_ProcessServer) error {
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
		r.headersOnly = true
		return nil
	}
	return checkMode(first.GetProtocolConfig())
}

// receiveBody reads up to the end of the request: with the headers, with a body
// message, or with trailers. It puts the body into b; nil discards it. Errors are as in
// receiveHeaders, or the cause with which x.ctx ended.
//
// From here on, the end of the RPC ends x.ctx, unless an error came before the body.
func (x *exchange) receiveBody(b *body) error {
	u := &upload{buffered: x.req.mode == modeBuffered, max: x.server.cfg.MaxBodyBytes, body: b, done: make(chan struct{})}
	if x.req.headersOnly {
		u.finish(nil)
		go x.read(u)
		return nil
	}
	if x.req.contentLength > u.max {
		return translator.ErrTooLarge(u.max)
	}
	if u.buffered {
		if b == nil { // gRPC receives the whole message nevertheless
			u.body = &body{admission: x.server.admission, max: u.max, expected: x.req.contentLength}
			defer u.body.release()
		}
		if err := u.body.reserve(); err != nil {
			return err
		}
	}
	go x.read(u)
	if u.buffered {
		// Envoy sends a buffered body only after a reply to the headers.
		if err := x.reply.send(continueHeaders(), 0); err != nil {
			return u.end(err)
		}
	}
	err := u.await(x.ctx, x.server.cfg.UploadTimeout)
	x.outcome.BytesIn = u.size()
	return err
}

// read reads all messages after the headers, until the RPC ends. Those after the end of
// the upload are ignored.
func (x *exchange) read(u *upload) {
	for {
		msg, err := x.stream.Recv()
		if err != nil {
			_ = u.end(err)
			x.cancel(errClientGone)
			return
		}
		u.add(msg)
	}
}

// continueHeaders lets Envoy continue in BUFFERED mode, in which it waits for this.
func continueHeaders() *extprocv3.ProcessingResponse {
	return &extprocv3.ProcessingResponse{
		Response: &extprocv3.ProcessingResponse_RequestHeaders{RequestHeaders: &extprocv3.HeadersResponse{}},
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
