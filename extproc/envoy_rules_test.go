package extproc_test

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/types/known/structpb"
)

// answer is the response that a client has received so far.
type answer struct {
	complete  bool // the whole response has come
	immediate bool // as one ImmediateResponse
	begun     bool // streamed response headers have come
	status    int
	header    map[string]string
	parts     []string // one for each body message
	details   string
	metadata  map[string]any // of the sidecar's namespace
	rpcErr    error          // how the RPC ended
}

func (a *answer) body() string { return strings.Join(a.parts, "") }

// accept handles one message as the filter does. An error means that the filter would
// call the message spurious or fail the request.
func (c *call) accept(msg *extprocv3.ProcessingResponse) error {
	switch {
	case msg.GetOverrideMessageTimeout() != nil:
		return errors.New("override_message_timeout makes the filter ignore the rest of the message")
	case msg.GetModeOverride() != nil:
		return errors.New("mode_override")
	case c.got.complete:
		return errors.New("a message after the end of the answer")
	}
	if err := c.got.addMetadata(msg.GetDynamicMetadata()); err != nil {
		return err
	}
	switch m := msg.GetResponse().(type) {
	case *extprocv3.ProcessingResponse_RequestHeaders:
		return c.acceptContinue(m.RequestHeaders)
	case *extprocv3.ProcessingResponse_ImmediateResponse:
		return c.acceptImmediate(m.ImmediateResponse)
	case *extprocv3.ProcessingResponse_StreamedImmediateResponse:
		return c.acceptStreamed(m.StreamedImmediateResponse)
	default:
		return fmt.Errorf("spurious message %T", m)
	}
}

// acceptContinue is only for BUFFERED mode, where the body waits for it.
func (c *call) acceptContinue(m *extprocv3.HeadersResponse) error {
	select {
	case <-c.continued:
		return errors.New("spurious message: headers answered twice")
	default:
	}
	if c.envoy.mode != modeBuffered || c.headersOnly {
		return errors.New("spurious message: an ordinary answer to request_headers")
	}
	if m.GetResponse().GetStatus() != extprocv3.CommonResponse_CONTINUE {
		return errors.New("headers answered with something else than CONTINUE")
	}
	close(c.continued)
	return nil
}

func (c *call) acceptImmediate(m *extprocv3.ImmediateResponse) error {
	if c.got.begun {
		return errors.New("ImmediateResponse after a streamed answer has begun")
	}
	c.got.status = int(m.GetStatus().GetCode())
	if _, known := typev3.StatusCode_name[int32(m.GetStatus().GetCode())]; !known || c.got.status < 200 {
		return fmt.Errorf("status %d becomes 200", c.got.status)
	}
	var headers []*corev3.HeaderValue
	for _, option := range m.GetHeaders().GetSetHeaders() {
		if option.GetAppendAction() != corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD {
			return fmt.Errorf("header %s does not overwrite", option.GetHeader().GetKey())
		}
		headers = append(headers, option.GetHeader())
	}
	if err := c.got.setHeaders(headers); err != nil {
		return err
	}
	if _, is := c.got.header[":status"]; is {
		return errors.New(":status among the headers of an ImmediateResponse")
	}
	c.got.details = m.GetDetails()
	if c.got.details == "" || strings.ContainsAny(c.got.details, " \t\n") {
		return fmt.Errorf("details %q are not a token", c.got.details)
	}
	c.got.parts = []string{string(m.GetBody())}
	c.got.immediate, c.got.complete = true, true
	return nil
}

func (c *call) acceptStreamed(m *extprocv3.StreamedImmediateResponse) error {
	switch {
	case !c.sentHeaders:
		return errors.New("spurious message: not awaiting a headers response")
	case !c.headersOnly && c.envoy.mode != modeFullDuplex && c.envoy.mode != modeNone:
		return errors.New("streaming local response body is only supported in NONE or FULL_DUPLEX_STREAMED modes")
	case !c.sentEnd:
		return errors.New("a streamed answer before the request's end: the client's connection would be reset")
	}
	switch part := m.GetResponse().(type) {
	case *extprocv3.StreamedImmediateResponse_HeadersResponse:
		return c.got.begin(part.HeadersResponse)
	case *extprocv3.StreamedImmediateResponse_BodyResponse:
		if !c.got.begun {
			return errors.New("local_response_body_received_before_headers")
		}
		if len(part.BodyResponse.GetBody()) == 0 && !part.BodyResponse.GetEndOfStream() {
			return errors.New("a body message that says nothing")
		}
		c.got.parts = append(c.got.parts, string(part.BodyResponse.GetBody()))
		return c.got.end(part.BodyResponse.GetEndOfStream())
	default:
		return fmt.Errorf("unexpected %T", part)
	}
}

func (a *answer) begin(m *extprocv3.HttpHeaders) error {
	if a.begun {
		return errors.New("response headers twice")
	}
	if err := a.setHeaders(m.GetHeaders().GetHeaders()); err != nil {
		return err
	}
	status, err := strconv.Atoi(a.header[":status"])
	if err != nil || status < 200 {
		return fmt.Errorf("header_mutation_set_headers_failed: :status %q", a.header[":status"])
	}
	if _, is := a.header["content-length"]; is && a.header["content-type"] == "text/event-stream" {
		return errors.New("content-length on an event stream")
	}
	delete(a.header, ":status")
	a.status, a.begun = status, true
	return a.end(m.GetEndOfStream())
}

func (a *answer) end(endOfStream bool) error {
	a.complete = endOfStream
	length, is := a.header["content-length"]
	if endOfStream && is && length != strconv.Itoa(len(a.body())) {
		return fmt.Errorf("content-length %s for %d bytes", length, len(a.body()))
	}
	return nil
}

// setHeaders rejects headers that Envoy would drop, or for which it would fail the
// response.
func (a *answer) setHeaders(headers []*corev3.HeaderValue) error {
	a.header = map[string]string{}
	for _, h := range headers {
		key, value := h.GetKey(), string(h.GetRawValue())
		switch {
		case h.GetValue() != "":
			return fmt.Errorf("header %s uses value, not raw_value", key)
		case key != strings.ToLower(key) || strings.HasPrefix(key, "x-envoy-"):
			return fmt.Errorf("header name %q", key)
		case strings.ContainsAny(value, "\x00\r\n"):
			return fmt.Errorf("header %s has a bad byte: %q", key, value)
		}
		if _, twice := a.header[key]; twice {
			return fmt.Errorf("header %s twice", key)
		}
		a.header[key] = value
	}
	if a.header["content-type"] == "" {
		return errors.New("no content-type: Envoy would say text/plain")
	}
	return nil
}

func (a *answer) addMetadata(s *structpb.Struct) error {
	for namespace, value := range s.AsMap() {
		facts, is := value.(map[string]any)
		if namespace != "bedrock" || !is {
			return fmt.Errorf("dynamic metadata %s holds a %T", namespace, value)
		}
		if a.metadata == nil {
			a.metadata = map[string]any{}
		}
		maps.Copy(a.metadata, facts) // as Envoy merges later values
	}
	return nil
}
