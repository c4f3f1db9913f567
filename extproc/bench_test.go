package extproc_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"testing"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc/test/bufconn"

	"bedrock-extproc/extproc"
	"bedrock-extproc/translator"
)

const benchEvents = 100

// benchServer answers whole calls at once, and streamed ones with benchEvents events.
// Its dialect does nothing, so only the exchange is measured.
func benchServer(b *testing.B, backend *plainBackend) *extproc.Server {
	b.Helper()
	payload := []byte("data: 0123456789012345678901234567890123456789\n\n")
	dialect := &fakeDialect{}
	dialect.appendEvent = func(dst []byte, _ translator.Event) ([]byte, error) { return append(dst, payload...), nil }
	gateway := newGateway(b, nil, nil, dialect)
	gateway.targets = backend
	server, err := extproc.NewServer(extproc.Config{Gateway: gateway.current})
	if err != nil {
		b.Fatal(err)
	}
	return server
}

// plainBackend is a Bedrock without cost. If turn is set, each event waits for it.
type plainBackend struct {
	turn chan struct{}
}

func (p *plainBackend) Target(_ string, caller translator.Caller, _ extproc.Origin) (extproc.Target, error) {
	return extproc.Target{Backend: p, Caller: caller, DefaultModel: "model-1"}, nil
}

func (*plainBackend) Converse(context.Context, *translator.Call, translator.Caller) ([]byte, translator.Facts, error) {
	return []byte("hello"), bedrockFacts, nil
}

func (p *plainBackend) ConverseStream(context.Context, *translator.Call, translator.Caller) (iter.Seq2[translator.Event, error], translator.Facts, error) {
	return func(yield func(translator.Event, error) bool) {
		for range benchEvents {
			if p.turn != nil {
				<-p.turn
			}
			if !yield(translator.Event{}, nil) {
				return
			}
		}
	}, bedrockFacts, nil
}

// BenchmarkProcess measures the exchange alone, without gRPC.
func BenchmarkProcess(b *testing.B) {
	for _, path := range []string{"/whole", "/stream"} {
		b.Run(path[1:], func(b *testing.B) {
			server := benchServer(b, &plainBackend{})
			messages := requestMessages(path)
			b.ReportAllocs()
			for b.Loop() {
				ctx, cancel := context.WithCancel(context.Background())
				if err := server.Process(&handRPC{ctx: ctx, requests: messages}); err != nil {
					b.Fatal(err)
				}
				cancel()
			}
		})
	}
}

// BenchmarkEvent reads, translates and sends one event, without gRPC.
func BenchmarkEvent(b *testing.B) {
	backend := &plainBackend{turn: make(chan struct{}, 1)}
	server := benchServer(b, backend)
	next := func() {
		select {
		case backend.turn <- struct{}{}:
		default: // left by the last stream
		}
	}
	messages := requestMessages("/stream")
	b.ReportAllocs()
	for events := 0; b.Loop(); events++ {
		if events%benchEvents != 0 {
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		next()
		if err := server.Process(&eventRPC{handRPC{ctx: ctx, requests: messages}, next}); err != nil {
			b.Fatal(err)
		}
		cancel()
	}
}

// eventRPC is a handRPC that calls next after each message.
type eventRPC struct {
	handRPC

	next func()
}

func (r *eventRPC) SendMsg(m any) error {
	defer r.next()
	return r.handRPC.SendMsg(m)
}

// BenchmarkRPC sends a request over a gRPC connection in memory. It includes the cost
// of the client that acts as Envoy.
func BenchmarkRPC(b *testing.B) {
	for _, path := range []string{"/whole", "/stream"} {
		b.Run(path[1:], func(b *testing.B) {
			client := serve(b, benchServer(b, &plainBackend{}), bufconn.Listen(64<<10))
			messages := requestMessages(path)
			b.ReportAllocs()
			for b.Loop() {
				if err := roundTrip(b.Context(), client, messages); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func roundTrip(ctx context.Context, client extprocv3.ExternalProcessorClient, messages []*extprocv3.ProcessingRequest) error {
	stream, err := client.Process(ctx)
	if err != nil {
		return err
	}
	for _, msg := range messages {
		if err := stream.Send(msg); err != nil {
			return err
		}
	}
	for {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
