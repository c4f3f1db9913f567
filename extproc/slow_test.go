package extproc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

// handRPC is an RPC without a connection: it receives the messages in requests, and
// passes every message that the server sends to sent; nil drops it. The end of ctx is
// Envoy's reset.
type handRPC struct {
	grpc.ServerStream

	ctx      context.Context
	requests []*extprocv3.ProcessingRequest
	sent     func(ctx context.Context, msg *extprocv3.ProcessingResponse) error
}

func (r *handRPC) Context() context.Context { return r.ctx }

func (r *handRPC) RecvMsg(m any) error {
	if len(r.requests) == 0 {
		<-r.ctx.Done()
		return io.EOF
	}
	raw, err := proto.Marshal(r.requests[0])
	if err != nil {
		return err
	}
	r.requests = r.requests[1:]
	return extproc.Codec{}.Unmarshal(mem.BufferSlice{mem.SliceBuffer(raw)}, m)
}

func (r *handRPC) SendMsg(m any) error {
	data, err := extproc.Codec{}.Marshal(m)
	if err != nil {
		return err
	}
	defer data.Free()
	if r.sent == nil {
		return nil
	}
	msg := &extprocv3.ProcessingResponse{}
	if err := proto.Unmarshal(data.Materialize(), msg); err != nil {
		return err
	}
	return r.sent(r.ctx, msg)
}

// Recv and Send are not used: the Server has its own types for messages.
func (r *handRPC) Recv() (*extprocv3.ProcessingRequest, error) { return nil, errors.ErrUnsupported }

func (r *handRPC) Send(*extprocv3.ProcessingResponse) error { return errors.ErrUnsupported }

// requestMessages is a POST in two messages, as Envoy sends most requests.
func requestMessages(path string) []*extprocv3.ProcessingRequest {
	return []*extprocv3.ProcessingRequest{
		{
			Request: &extprocv3.ProcessingRequest_RequestHeaders{RequestHeaders: &extprocv3.HttpHeaders{
				Headers: headerMap(requestHeaders("POST", path)),
			}},
			ProtocolConfig: &extprocv3.ProtocolConfiguration{RequestBodyMode: modeFullDuplex},
		},
		{Request: &extprocv3.ProcessingRequest_RequestBody{
			RequestBody: &extprocv3.HttpBody{Body: []byte(prompt), EndOfStream: true},
		}},
	}
}

// slowEnvoy accepts one message for each value it receives from accept.
type slowEnvoy struct {
	accept chan struct{}
	parts  []string
	ended  bool
}

func (e *slowEnvoy) take(ctx context.Context, msg *extprocv3.ProcessingResponse) error {
	select {
	case <-e.accept:
	case <-ctx.Done():
		return ctx.Err()
	}
	if part := msg.GetStreamedImmediateResponse().GetBodyResponse(); part != nil {
		e.parts = append(e.parts, string(part.GetBody()))
		e.ended = part.GetEndOfStream()
	}
	return nil
}

// startSlow runs one streaming request against s. The returned function makes
// the client leave and waits for the end.
func startSlow(s *sidecar, e *slowEnvoy) (leave func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		rpc := &handRPC{ctx: ctx, requests: requestMessages("/stream"), sent: e.take}
		if err := s.Process(rpc); err != nil {
			s.t.Errorf("Process: %v", err)
		}
	}()
	return func() { cancel(); <-done }
}

// Events that Bedrock has sent together are sent together, and none waits for one that has
// not come.
func TestEventsThatCameTogether(t *testing.T) {
	bubble(t, func(s *sidecar) {
		steps := make(chan step)
		s.backend.converseStream = live(steps)
		c := s.post("/stream", "")
		steps <- delta("one")
		steps <- delta("two").more()
		steps <- delta("three").more()
		synctest.Wait()
		if got := c.soFar().parts; !slices.Equal(got, []string{data("one")}) {
			s.t.Errorf("parts %q", got)
		}
		steps <- delta("four")
		synctest.Wait()
		want := []string{data("one"), data("two") + data("three") + data("four")}
		if got := c.soFar().parts; !slices.Equal(got, want) {
			s.t.Errorf("parts %q", got)
		}
		long := strings.Repeat("x", 20<<10)
		steps <- delta(long).more()
		steps <- delta(long).more() // as much as one message takes
		synctest.Wait()
		if got := strings.Join(c.soFar().parts[2:], ""); got != data(long)+data(long) {
			s.t.Errorf("%d bytes of long parts", len(got))
		}
		steps <- messageStop
		close(steps)
		c.answer()
	})
}

// flood yields n events of size bytes as fast as they are read.
func flood(n, size int, yielded *atomic.Int64) streamFunc {
	return func(context.Context, *translator.Call, translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
		return func(yield func(translator.Event, error) bool) {
			for i := range n {
				payload := fmt.Appendf(nil, "%06d%s", i, strings.Repeat("x", size))
				yielded.Add(1)
				if !yield(translator.Event{Payload: payload}, nil) {
					return
				}
			}
		}, bedrockFacts, nil
	}
}

// Bedrock's events wait for a slow client.
func TestBackPressure(t *testing.T) {
	const events, size = 200, 64 << 10
	bubble(t, func(s *sidecar) {
		var yielded atomic.Int64
		s.backend.converseStream = flood(events, size, &yielded)
		e := &slowEnvoy{accept: make(chan struct{})}
		leave := startSlow(s, e)
		synctest.Wait()
		if n := yielded.Load(); n != 1 {
			s.t.Errorf("%d events were read for a client that reads nothing", n)
		}
		e.accept <- struct{}{}
		synctest.Wait()
		before := yielded.Load()
		for range 30 { // pieces of 31 KiB, three for each event
			e.accept <- struct{}{}
			synctest.Wait()
		}
		if n := yielded.Load(); n != before+10 {
			s.t.Errorf("%d events were read after ten more were sent, %d before", n, before)
		}
		close(e.accept)
		synctest.Wait()
		var want strings.Builder
		for i := range events {
			want.WriteString(data(fmt.Sprintf("%06d%s", i, strings.Repeat("x", size))))
		}
		want.WriteString(data("end"))
		if got := strings.Join(e.parts, ""); got != want.String() || !e.ended {
			s.t.Errorf("ended %v, %d bytes, want %d, equal: %v", e.ended, len(got), want.Len(), got == want.String())
		}
		leave()
	})
}

// An answer is bounded, because Envoy takes without end what a client does not read. It
// ends with an error event.
func TestEndlessAnswer(t *testing.T) {
	const limit, size = 4 << 20, 64 << 10
	for _, mode := range modesWithBody {
		t.Run(mode.String(), func(t *testing.T) {
			bubble(t, func(s *sidecar) {
				s.envoy.mode = mode
				var yielded atomic.Int64
				s.backend.converseStream = flood(1_000_000, size, &yielded)
				a := s.post("/stream", "").answer()
				if !strings.HasSuffix(a.body(), data("error answer_too_large "+s.outcome().Facts.RequestID)) || a.status != 200 {
					s.t.Errorf("status %d, the answer ends with %q", a.status, a.body()[max(0, len(a.body())-100):])
				}
				if o := s.outcome(); o.BytesOut < limit || o.BytesOut > limit+2*size || o.ErrorKind != translator.KindAnswerTooLarge {
					s.t.Errorf("outcome %+v", o)
				}
				if n := yielded.Load(); n > limit/size+2 {
					s.t.Errorf("%d events were read", n)
				}
			}, func(s *sidecar) { s.cfg.MaxAnswerBytes = limit })
		})
	}
}

func TestClientGoneUnderBackPressure(t *testing.T) {
	bubble(t, func(s *sidecar) {
		var yielded atomic.Int64
		s.backend.converseStream = flood(200, 64<<10, &yielded)
		leave := startSlow(s, &slowEnvoy{accept: make(chan struct{})})
		synctest.Wait()
		leave()
		if o := s.outcome(); o.Summary.OutputTokens == 0 { // they were paid for
			s.t.Errorf("outcome %+v", o)
		}
		s.checkGone(1)
	})
}

// A failed send ends the call, whether or not a Recv fails, too.
func TestFailingSend(t *testing.T) {
	for _, path := range []string{"/whole", "/stream"} {
		t.Run(path, func(t *testing.T) {
			bubble(t, func(s *sidecar) {
				var yielded atomic.Int64
				s.backend.converseStream = flood(1000, 64<<10, &yielded)
				ctx, cancel := context.WithCancel(context.Background())
				rpc := &handRPC{
					ctx: ctx, requests: requestMessages(path),
					sent: func(context.Context, *extprocv3.ProcessingResponse) error { return io.ErrClosedPipe },
				}
				if err := s.Process(rpc); err != nil {
					s.t.Errorf("Process: %v", err)
				}
				if o := s.outcome(); !o.ClientGone || o.Status != 0 || o.FirstByte != 0 || o.BytesOut != 0 {
					s.t.Errorf("outcome %+v", o)
				}
				if causes := s.backend.causes(); len(causes) != 1 || path == "/stream" && causes[0] == nil {
					s.t.Errorf("causes %v", causes)
				}
				cancel()
			})
		})
	}
}

// A slow client does not prevent the server from stopping gracefully.
func TestStopUnderBackPressure(t *testing.T) {
	bubble(t, func(s *sidecar) {
		var yielded atomic.Int64
		s.backend.converseStream = flood(200, 64<<10, &yielded)
		e := &slowEnvoy{accept: make(chan struct{})}
		leave := startSlow(s, e)
		synctest.Wait()
		s.Stop()
		synctest.Wait()
		close(e.accept)
		synctest.Wait()
		if last := e.parts[len(e.parts)-1]; !e.ended || !strings.Contains(last, "data: error draining") {
			s.t.Errorf("ended %v, last part ends with %q", e.ended, last[max(0, len(last)-100):])
		}
		if causes := s.backend.causes(); len(causes) != 1 || causes[0] == nil {
			s.t.Errorf("causes %v", causes)
		}
		leave()
	})
}
