package extproc_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	extprocfilterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"bedrock-extproc/extproc"
)

// FuzzProcess sends messages in any order, one for each byte. The RPC ends when the
// peer closes its side: with nothing, with one answer, or with an error. Nothing
// follows an answer, and no goroutine is left.
func FuzzProcess(f *testing.F) {
	for _, seed := range []string{
		"hbE", "hE", "HE", "sbbE", "sbE", "gb", "BE", "ht", "hbbt", "bE", "t", "r", "0", "h0E", "hrE", "hhE", "hEhE", "hEbE", "h+E", "hb.", "hEx", "sE.x", "hx", "x", "o", "pE", "sE~~b", "BbE", "BrtE", "!", "h!E", "hE!",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		bubble(t, func(s *sidecar) {
			ctx, cancel := context.WithCancel(context.Background()) // t.Context of a fuzz target is not of the bubble
			defer cancel()
			stream, err := s.envoy.client.Process(ctx)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- receiveAnswer(t, stream) }()
			for _, step := range script[:min(len(script), 64)] {
				if err := perform(stream, step, cancel); err != nil {
					break
				}
			}
			_ = stream.CloseSend() // the RPC may have ended
			select {
			case <-ended:
			case <-time.After(patience):
				t.Error("the RPC does not end")
			}
			cancel()
		}, func(s *sidecar) { s.cfg.MaxBodyBytes = 1000 })
	})
}

// perform does one step of a script. An error means that the RPC has ended.
func perform(stream extprocv3.ExternalProcessor_ProcessClient, step byte, cancel context.CancelFunc) error {
	switch step {
	case '.':
		return stream.CloseSend()
	case 'x':
		cancel()
		return nil
	case '~':
		time.Sleep(extproc.DefaultKeepAlive)
		return nil
	}
	return stream.Send(message(step))
}

// message is the message for one byte of a script.
func message(step byte) *extprocv3.ProcessingRequest {
	headers := func(mode bodyMode, end bool, pairs ...string) *extprocv3.ProcessingRequest {
		return &extprocv3.ProcessingRequest{
			Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{
				Headers: headerMap(pairs), EndOfStream: end,
			}},
			ProtocolConfig: &extprocv3.ProtocolConfiguration{RequestBodyMode: mode},
		}
	}
	body := func(size int, end bool) *extprocv3.ProcessingRequest {
		return &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestBody{
			RequestBody: &extprocv3.HttpBody{Body: make([]byte, size), EndOfStream: end},
		}}
	}
	switch step {
	case 'h':
		return headers(modeFullDuplex, false, requestHeaders("POST", "/whole")...)
	case 's':
		return headers(modeFullDuplex, false, requestHeaders("POST", "/stream")...)
	case 'g':
		return headers(modeFullDuplex, true, requestHeaders("GET", "/nothing")...)
	case 'H':
		return headers(modeFullDuplex, true, requestHeaders("POST", "/whole")...)
	case 'B':
		return headers(modeBuffered, false, requestHeaders("POST", "/stream")...)
	case 'p':
		return headers(extprocfilterv3.ProcessingMode_BodySendMode(step), false, ":method", "POST")
	case 'o':
		return &extprocv3.ProcessingRequest{Request: headers(modeFullDuplex, false).GetRequest()}
	case 'b':
		return body(10, false)
	case 'E':
		return body(10, true)
	case '+':
		return body(2000, false)
	case 't':
		return &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_RequestTrailers{RequestTrailers: &extprocv3.HttpTrailers{}}}
	case 'r':
		return &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_ResponseHeaders{ResponseHeaders: &extprocv3.HttpHeaders{}}}
	case 'R':
		return &extprocv3.ProcessingRequest{Request: &extprocv3.ProcessingRequest_ResponseBody{ResponseBody: &extprocv3.HttpBody{EndOfStream: true}}}
	case '!':
		return body(2<<20, false) // over gRPC's limit
	default:
		return &extprocv3.ProcessingRequest{}
	}
}

// receiveAnswer receives until the RPC ends, and checks that nothing follows an
// answer.
func receiveAnswer(t *testing.T, stream extprocv3.ExternalProcessor_ProcessClient) error {
	complete := false
	for {
		msg, err := stream.Recv()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if complete {
			t.Errorf("after the answer: %v", msg)
		}
		complete = msg.GetImmediateResponse() != nil || msg.GetStreamedImmediateResponse().GetBodyResponse().GetEndOfStream()
	}
}
