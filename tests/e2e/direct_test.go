package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// dial returns a client of the sidecar's gRPC service, with a connection of its own.
func (s *sidecar) dial(t *testing.T) extprocv3.ExternalProcessorClient {
	t.Helper()
	conn, err := grpc.NewClient(s.socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return extprocv3.NewExternalProcessorClient(conn)
}

// directRequest are the messages of a POST, as the filter sends them, with a body in
// parts.
func directRequest(mode filterv3.ProcessingMode_BodySendMode, path string, parts ...[]byte) []*extprocv3.ProcessingRequest {
	headers := &corev3.HeaderMap{}
	for _, h := range [][2]string{{":method", "POST"}, {":path", path}, {"content-type", "application/json"}} {
		headers.Headers = append(headers.Headers, &corev3.HeaderValue{Key: h[0], RawValue: []byte(h[1])})
	}
	list := []*extprocv3.ProcessingRequest{{
		Request:        &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{Headers: headers}},
		ProtocolConfig: &extprocv3.ProtocolConfiguration{RequestBodyMode: mode},
	}}
	for i, part := range parts {
		list = append(list, &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestBody{
			RequestBody: &extprocv3.HttpBody{Body: part, EndOfStream: i == len(parts)-1},
		}})
	}
	return list
}

// addHeaders adds names and values in turn to the first message of a request. Empty values
// are left out.
func addHeaders(first *extprocv3.ProcessingRequest, headers ...string) {
	list := first.GetRequestHeaders().GetHeaders()
	for h := range slices.Chunk(headers, 2) {
		if h[1] != "" {
			list.Headers = append(list.Headers, &corev3.HeaderValue{Key: h[0], RawValue: []byte(h[1])})
		}
	}
}

// openDirect opens an RPC and sends messages in it. The server may have answered before
// the last one.
func openDirect(ctx context.Context, client extprocv3.ExternalProcessorClient, messages []*extprocv3.ProcessingRequest) (extprocv3.ExternalProcessor_ProcessClient, error) {
	stream, err := client.Process(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		if err := stream.Send(m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
	}
	return stream, nil
}

// askDirect makes a call and reads its answer to the end: the status of a whole answer,
// with a body that is not 200, or 200 for a stream that has ended well.
func askDirect(ctx context.Context, client extprocv3.ExternalProcessorClient, messages []*extprocv3.ProcessingRequest) (string, error) {
	text, err := readDirect(ctx, client, messages)
	switch {
	case err != nil:
		return "", err
	case strings.HasPrefix(text, "200 "), strings.Contains(text, `"type":"message_stop"`):
		return "200", nil
	}
	return text[:min(len(text), 300)], nil
}

// readDirect makes a call and reads its answer to the end: the status and the body of a
// whole answer, or the events of a stream.
func readDirect(ctx context.Context, client extprocv3.ExternalProcessorClient, messages []*extprocv3.ProcessingRequest) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := openDirect(ctx, client, messages)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for {
		msg, err := stream.Recv()
		if err != nil {
			return text.String(), fmt.Errorf("after %d bytes: %w", text.Len(), err)
		}
		if whole := msg.GetImmediateResponse(); whole != nil {
			return fmt.Sprintf("%d %s", whole.GetStatus().GetCode(), whole.GetBody()), nil
		}
		body := msg.GetStreamedImmediateResponse().GetBodyResponse()
		text.Write(body.GetBody())
		if body.GetEndOfStream() {
			return text.String(), nil
		}
	}
}

// letterBody is a request with size letters, in parts of partSize bytes.
func letterBody(size, partSize int) [][]byte {
	body, err := io.ReadAll(heldUpload(size, closed()))
	if err != nil {
		panic(err) // it cannot fail
	}
	return slices.Collect(slices.Chunk(body, partSize))
}
