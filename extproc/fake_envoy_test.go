package extproc_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"
)

type bodyMode = extprocfilterv3.ProcessingMode_BodySendMode

const (
	modeNone            = extprocfilterv3.ProcessingMode_NONE
	modeStreamed        = extprocfilterv3.ProcessingMode_STREAMED
	modeBuffered        = extprocfilterv3.ProcessingMode_BUFFERED
	modeBufferedPartial = extprocfilterv3.ProcessingMode_BUFFERED_PARTIAL
	modeFullDuplex      = extprocfilterv3.ProcessingMode_FULL_DUPLEX_STREAMED

	// patience is a time by a bubble's clock.
	patience = 24 * time.Hour

	endOfStream = true
)

// fakeEnvoy behaves as the ext_proc filter does towards its server. It makes one RPC
// for each request and fails the test if the server breaks one of the filter's rules,
// see accept.
type fakeEnvoy struct {
	client extprocv3.ExternalProcessorClient
	mode   bodyMode
	// graceful half-closes an RPC that is over and waits for the server, instead
	// of resetting it (ext_proc_graceful_grpc_close).
	graceful bool
	// silent leaves protocol_config out, as Envoy did before 1.34.
	silent bool
	// claims are in the dynamic metadata "jwt", principal is an attribute, and initial
	// is sent with the RPC; nil and "" send nothing.
	claims    *structpb.Struct
	principal string
	initial   metadata.MD
}

// a call is one HTTP request, with its RPC.
type call struct {
	t      *testing.T
	envoy  fakeEnvoy
	stream extprocv3.ExternalProcessor_ProcessClient
	cancel context.CancelFunc
	done   chan struct{} // closes when the RPC has ended

	continued chan struct{} // closes when BUFFERED mode may send the body

	sending sync.Mutex // a stream accepts one message at a time
	closed  bool

	mu          sync.Mutex
	sentHeaders bool
	sentEnd     bool
	headersOnly bool
	left        bool
	got         answer
}

// open starts a request: its headers are names and values in turn.
func (e fakeEnvoy) open(t *testing.T, end bool, headers ...string) *call {
	t.Helper()
	c := e.dial(t)
	c.headersOnly = end
	c.send(&extprocv3.ProcessingRequest{
		Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{
			Headers: headerMap(headers), EndOfStream: end,
		}},
		ProtocolConfig:  e.protocolConfig(),
		MetadataContext: e.metadataContext(),
		Attributes:      e.attributes(),
	}, end)
	return c
}

// dial starts an RPC and sends nothing yet.
func (e fakeEnvoy) dial(t *testing.T) *call {
	t.Helper()
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(context.Background(), e.initial))
	stream, err := e.client.Process(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c := &call{
		t: t, envoy: e, stream: stream, cancel: cancel,
		done: make(chan struct{}), continued: make(chan struct{}),
	}
	go c.receive()
	t.Cleanup(func() { cancel(); <-c.done })
	return c
}

func (e fakeEnvoy) protocolConfig() *extprocv3.ProtocolConfiguration {
	if e.silent {
		return nil
	}
	return &extprocv3.ProtocolConfiguration{RequestBodyMode: e.mode}
}

func (e fakeEnvoy) metadataContext() *corev3.Metadata {
	if e.claims == nil {
		return nil
	}
	return &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{"jwt": e.claims}}
}

func (e fakeEnvoy) attributes() map[string]*structpb.Struct {
	if e.principal == "" {
		return nil
	}
	return map[string]*structpb.Struct{"envoy.filters.http.ext_proc": {
		Fields: map[string]*structpb.Value{"source.principal": structpb.NewStringValue(e.principal)},
	}}
}

func headerMap(headers []string) *corev3.HeaderMap {
	m := &corev3.HeaderMap{}
	for pair := range slices.Chunk(headers, 2) {
		m.Headers = append(m.Headers, &corev3.HeaderValue{Key: pair[0], RawValue: []byte(pair[1])})
	}
	return m
}

// body sends a part of the request's body.
func (c *call) body(data string, end bool) {
	c.t.Helper()
	if c.envoy.mode == modeBuffered {
		select {
		case <-c.continued:
		case <-c.done:
			return // answered already
		}
	}
	c.send(&extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestBody{
		RequestBody: &extprocv3.HttpBody{Body: []byte(data), EndOfStream: end},
	}}, end)
}

func (c *call) trailers() {
	c.t.Helper()
	c.send(&extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestTrailers{
		RequestTrailers: &extprocv3.HttpTrailers{Trailers: headerMap([]string{"x-checksum", "1"})},
	}}, endOfStream)
}

// send ignores io.EOF: the server may have answered before the request's end.
func (c *call) send(msg *extprocv3.ProcessingRequest, end bool) {
	c.t.Helper()
	c.mu.Lock()
	c.sentHeaders = c.sentHeaders || msg.GetRequestHeaders() != nil
	// A buffered body is complete, whatever its end_of_stream is.
	c.sentEnd = c.sentEnd || end || c.envoy.mode == modeBuffered && msg.GetRequestBody() != nil
	c.mu.Unlock()
	c.sending.Lock()
	defer c.sending.Unlock()
	if c.closed {
		return
	}
	if err := c.stream.Send(msg); err != nil && !errors.Is(err, io.EOF) {
		c.t.Errorf("Send: %v", err)
	}
}

// leave is what Envoy does when the client goes away: it half-closes and resets
// the RPC, or in graceful mode half-closes only.
func (c *call) leave() {
	c.t.Helper()
	c.mu.Lock()
	c.left = true
	c.mu.Unlock()
	c.close()
}

func (c *call) close() {
	c.sending.Lock()
	defer c.sending.Unlock()
	c.closed = true
	if err := c.stream.CloseSend(); err != nil {
		c.t.Errorf("CloseSend: %v", err)
	}
	if !c.envoy.graceful {
		c.cancel()
	}
}

// soFar is the answer so far.
func (c *call) soFar() answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.got
}

// wait returns once the RPC has ended.
func (c *call) wait() answer {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		c.t.Fatal("the RPC does not end")
	}
	return c.soFar()
}

// answer returns the complete answer, or fails the test.
func (c *call) answer() answer {
	c.t.Helper()
	a := c.wait()
	if !a.complete {
		c.t.Fatalf("the RPC ended (%v) without a complete answer: %+v", a.rpcErr, a)
	}
	return a
}

func (c *call) receive() {
	defer close(c.done)
	for {
		msg, err := c.stream.Recv()
		if err != nil {
			c.ended(err)
			return
		}
		c.mu.Lock()
		err = c.accept(msg)
		complete := c.got.complete
		c.mu.Unlock()
		if err != nil {
			c.t.Errorf("Envoy would fail the request: %v", err)
			c.cancel()
		} else if complete {
			c.close()
		}
	}
}

// ended checks the end of an RPC. If the server ends the RPC without an answer, Envoy
// lets the request through; in the middle of an answer, the client hangs.
func (c *call) ended(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got.rpcErr = err
	if c.left || c.got.complete {
		if c.envoy.graceful && !errors.Is(err, io.EOF) {
			c.t.Errorf("the RPC ended with %v; want a clean end", err)
		}
		return
	}
	if errors.Is(err, io.EOF) {
		c.t.Errorf("the server ended the RPC without a complete answer (begun: %v)", c.got.begun)
	}
}
