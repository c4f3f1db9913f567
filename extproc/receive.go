package extproc

import (
	"errors"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"bedrock-extproc/translator"
)

// receiveHeaders reads the first message. A *translator.Error is for the client; any
// other error means that no answer can be sent.
func (r *request) receiveHeaders(stream extprocv3.ExternalProcessor_ProcessServer) error {
	var first message
	if err := stream.RecvMsg(&first); err != nil {
		return err
	}
	r.mode = first.mode
	if first.kind != requestHeadersField {
		return unsupported("request_header_mode SKIP")
	}
	r.readHeaders(first.headers)
	r.metadata, r.attributes = first.metadata, first.attributes
	if first.endOfStream {
		r.headersOnly = true
		return nil
	}
	return checkMode(&first)
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
		var msg message
		if err := x.stream.RecvMsg(&msg); err != nil {
			_ = u.end(err)
			x.cancel(errClientGone)
			return
		}
		u.add(&msg)
	}
}

// checkMode rejects body modes in which the sidecar cannot answer.
func checkMode(first *message) error {
	switch mode := first.mode; {
	case !first.hasProtocol:
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
