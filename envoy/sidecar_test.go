package envoy_test

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/structpb"
)

// call is one ext_proc call: a request from Envoy and the stream to answer it.
type call struct {
	extprocv3.ExternalProcessor_ProcessServer
	path  string
	names []string // header names
}

// sidecar is a minimal ext_proc server. It reads each request to its end, then calls
// answer.
type sidecar struct {
	extprocv3.UnimplementedExternalProcessorServer
	address string
	server  *grpc.Server
	health  *health.Server
	answer  func(*call) error
}

func startSidecar(t *testing.T, answer func(*call) error) *sidecar {
	t.Helper()
	// t.TempDir can be too long for a socket path.
	dir, err := os.MkdirTemp("", "envoy-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &sidecar{address: "unix://" + path, server: grpc.NewServer(), health: health.NewServer(), answer: answer}
	extprocv3.RegisterExternalProcessorServer(s.server, s)
	healthpb.RegisterHealthServer(s.server, s.health)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.server.Serve(listener) // Serve ends only by Stop
	}()
	t.Cleanup(func() { s.server.Stop(); <-ended })
	return s
}

func (s *sidecar) Process(stream extprocv3.ExternalProcessor_ProcessServer) error {
	x := &call{ExternalProcessor_ProcessServer: stream}
	for ended := false; !ended; {
		request, err := stream.Recv()
		if err != nil {
			return err
		}
		switch part := request.GetRequest().(type) {
		case *extprocv3.ProcessingRequest_RequestHeaders:
			x.read(part.RequestHeaders.GetHeaders())
			ended = part.RequestHeaders.GetEndOfStream()
		case *extprocv3.ProcessingRequest_RequestBody:
			ended = part.RequestBody.GetEndOfStream()
		default:
			ended = true
		}
	}
	return s.answer(x)
}

func (x *call) read(headers *corev3.HeaderMap) {
	for _, h := range headers.GetHeaders() {
		x.names = append(x.names, h.GetKey())
		if h.GetKey() == ":path" {
			x.path = string(h.GetRawValue())
		}
	}
}

// immediate sends a whole answer.
func (x *call) immediate(status int, details, body string, facts map[string]any) error {
	metadata, err := structpb.NewStruct(facts)
	if err != nil {
		return err
	}
	return x.Send(&extprocv3.ProcessingResponse{
		Response: &extprocv3.ProcessingResponse_ImmediateResponse{ImmediateResponse: &extprocv3.ImmediateResponse{
			Status:  &typev3.HttpStatus{Code: typev3.StatusCode(status)},
			Headers: &extprocv3.HeaderMutation{SetHeaders: headerValues("content-type", "application/json")},
			Body:    []byte(body),
			Details: details,
		}},
		DynamicMetadata: metadata,
	})
}

// start sends the headers of a streamed answer.
func (x *call) start(status string) error {
	return x.Send(streamed(&extprocv3.StreamedImmediateResponse{
		Response: &extprocv3.StreamedImmediateResponse_HeadersResponse{HeadersResponse: &extprocv3.HttpHeaders{
			Headers: headers(":status", status, "content-type", "text/event-stream"),
		}},
	}))
}

// write sends a part of a streamed answer.
func (x *call) write(text string, end bool) error {
	return x.Send(streamed(&extprocv3.StreamedImmediateResponse{
		Response: &extprocv3.StreamedImmediateResponse_BodyResponse{BodyResponse: &extprocv3.StreamedBodyResponse{
			Body: []byte(text), EndOfStream: end,
		}},
	}))
}

// untilGone waits until Envoy abandons the request.
func (x *call) untilGone() error {
	for {
		if _, err := x.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func streamed(part *extprocv3.StreamedImmediateResponse) *extprocv3.ProcessingResponse {
	return &extprocv3.ProcessingResponse{
		Response: &extprocv3.ProcessingResponse_StreamedImmediateResponse{StreamedImmediateResponse: part},
	}
}

func headers(pairs ...string) *corev3.HeaderMap {
	m := &corev3.HeaderMap{}
	for i := 0; i < len(pairs); i += 2 {
		m.Headers = append(m.Headers, &corev3.HeaderValue{Key: pairs[i], RawValue: []byte(pairs[i+1])})
	}
	return m
}

func headerValues(pairs ...string) []*corev3.HeaderValueOption {
	var options []*corev3.HeaderValueOption
	for _, h := range headers(pairs...).GetHeaders() {
		options = append(options, &corev3.HeaderValueOption{
			Header: h, AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
		})
	}
	return options
}
