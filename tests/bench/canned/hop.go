package canned

import (
	"net"
	"strconv"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// ServeHop is an ext_proc server that reads a request and answers with what is recorded,
// until the listener is closed: the least that any ext_proc server in Go costs.
func ServeHop(l net.Listener, dir string) error {
	s := grpc.NewServer()
	extprocv3.RegisterExternalProcessorServer(s, &hop{recorded: &Recorded{Dir: dir}})
	grpc_health_v1.RegisterHealthServer(s, health.NewServer()) // Envoy checks it
	return s.Serve(l)
}

type hop struct {
	extprocv3.UnimplementedExternalProcessorServer
	recorded *Recorded
}

// Process answers one HTTP request.
func (h *hop) Process(stream extprocv3.ExternalProcessor_ProcessServer) error {
	name, err := readRequest(stream)
	if err != nil {
		return err
	}
	a, err := h.recorded.find(name)
	if err != nil {
		return status.Error(codes.NotFound, err.Error())
	}
	if a.contentType == "application/json" {
		return stream.Send(immediate(a))
	}
	if err := stream.Send(headers(a)); err != nil {
		return err
	}
	return a.play(func(part []byte, last bool) error { return stream.Send(body(part, last)) })
}

// readRequest reads to the end of the request and returns the name of the answer.
func readRequest(stream extprocv3.ExternalProcessor_ProcessServer) (name string, err error) {
	for {
		msg, err := stream.Recv()
		if err != nil {
			return "", err
		}
		switch r := msg.GetRequest().(type) {
		case *extprocv3.ProcessingRequest_RequestHeaders:
			for _, h := range r.RequestHeaders.GetHeaders().GetHeaders() {
				if strings.EqualFold(h.GetKey(), Header) {
					name = string(h.GetRawValue())
				}
			}
			if r.RequestHeaders.GetEndOfStream() {
				return name, nil
			}
			if msg.GetProtocolConfig().GetRequestBodyMode() == filterv3.ProcessingMode_BUFFERED {
				if err := stream.Send(continueHeaders()); err != nil {
					return "", err
				}
			}
		case *extprocv3.ProcessingRequest_RequestBody:
			if r.RequestBody.GetEndOfStream() {
				return name, nil
			}
		case *extprocv3.ProcessingRequest_RequestTrailers:
			return name, nil
		}
	}
}

// continueHeaders is what Envoy waits for before it sends a buffered body.
func continueHeaders() *extprocv3.ProcessingResponse {
	return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_RequestHeaders{RequestHeaders: &extprocv3.HeadersResponse{}}}
}

func immediate(a *answer) *extprocv3.ProcessingResponse {
	return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_ImmediateResponse{
		ImmediateResponse: &extprocv3.ImmediateResponse{
			Status: &typev3.HttpStatus{Code: typev3.StatusCode_OK},
			Headers: &extprocv3.HeaderMutation{SetHeaders: []*corev3.HeaderValueOption{{
				Header:       &corev3.HeaderValue{Key: "content-type", RawValue: []byte(a.contentType)},
				AppendAction: corev3.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
			}}},
			Body:    a.parts[0],
			Details: "bedrock_extproc_ok", // without it, Envoy would write a body of its own
		},
	}}
}

func headers(a *answer) *extprocv3.ProcessingResponse {
	return streamed(&extprocv3.StreamedImmediateResponse{Response: &extprocv3.StreamedImmediateResponse_HeadersResponse{
		HeadersResponse: &extprocv3.HttpHeaders{Headers: &corev3.HeaderMap{Headers: []*corev3.HeaderValue{
			{Key: ":status", RawValue: strconv.AppendInt(nil, int64(typev3.StatusCode_OK), 10)},
			{Key: "content-type", RawValue: []byte(a.contentType)},
		}}},
	}})
}

func body(part []byte, last bool) *extprocv3.ProcessingResponse {
	return streamed(&extprocv3.StreamedImmediateResponse{Response: &extprocv3.StreamedImmediateResponse_BodyResponse{
		BodyResponse: &extprocv3.StreamedBodyResponse{Body: part, EndOfStream: last},
	}})
}

func streamed(r *extprocv3.StreamedImmediateResponse) *extprocv3.ProcessingResponse {
	return &extprocv3.ProcessingResponse{Response: &extprocv3.ProcessingResponse_StreamedImmediateResponse{StreamedImmediateResponse: r}}
}
