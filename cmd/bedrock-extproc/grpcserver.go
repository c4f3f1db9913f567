package main

import (
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	"bedrock-extproc/extproc"
)

// streamWindow bounds what Envoy may send of one body before it is read, in bytes. The
// default grows to 16 MiB for each stream.
const streamWindow = 256 << 10

// streamWorkers is the number of goroutines that serve one call after the other. Each keeps
// a stack that is large enough, whose growth takes a tenth of a small call's CPU. Further
// calls get a goroutine of their own.
const streamWorkers = 64

// allowPings lets Envoy's clusters ping every two seconds or more rarely, also without
// calls. gRPC's default closes connections with more than one ping in five minutes.
func allowPings() grpc.ServerOption {
	return grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 2 * time.Second, PermitWithoutStream: true})
}

// newGRPC sets up the server that Envoy calls.
func (s *sidecar) newGRPC() error {
	serverOptions := grpcOptions(s.opts.maxBody)
	hasTLS, err := s.opts.tls.set()
	if err != nil {
		return err
	}
	if hasTLS {
		creds, err := s.opts.tls.credentials(s.log)
		if err != nil {
			return err
		}
		serverOptions = append(serverOptions, creds)
	}
	s.grpc = grpc.NewServer(serverOptions...)
	s.extproc.Register(s.grpc)
	s.health.register(s.grpc)
	if s.opts.reflection {
		reflection.Register(s.grpc)
	}
	return nil
}

// grpcOptions are the options of every listener. The number of streams is not limited:
// -max-calls and the circuit breaker of Envoy answer with an error, not with a queue.
func grpcOptions(maxBody int) []grpc.ServerOption {
	return append(extproc.ServerOptions(),
		grpc.NumStreamWorkers(streamWorkers),
		// A filter in BUFFERED mode sends a whole body as one message.
		grpc.MaxRecvMsgSize(max(16<<20, maxBody+1<<20)),
		grpc.InitialWindowSize(streamWindow), grpc.InitialConnWindowSize(16*streamWindow),
		allowPings(),
		// The calls of an Envoy whose machine is gone end.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: unreadTimeout}),
	)
}
