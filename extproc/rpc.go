package extproc

import (
	"context"
	"time"

	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
)

// sendTimeout is how long a message waits for Envoy, which normally reads everything at
// once: what it keeps for its client counts there.
const sendTimeout = 5 * time.Minute

// errUnread ends the RPC of an answer that Envoy does not read.
var errUnread = status.Error(codes.DeadlineExceeded, "envoy does not read the answer")

// ServerOptions are what a gRPC server of a Server needs: the Codec, and calls that end when
// Envoy does not read their answers.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.ForceServerCodecV2(Codec{}), grpc.InTapHandle(letEnd)}
}

// endKey is the key of an RPC's [context.CancelCauseFunc] in its context.
type endKey struct{}

// letEnd makes an RPC's context one that endRPC can end. gRPC has no deadline for a Send; it
// fails when the context ends that the RPC has got here.
func letEnd(ctx context.Context, info *tap.Info) (context.Context, error) {
	if info.FullMethodName != extprocv3.ExternalProcessor_Process_FullMethodName {
		return ctx, nil
	}
	ctx, end := context.WithCancelCause(ctx)
	return context.WithValue(ctx, endKey{}, end), nil
}

// endRPC ends an RPC with a cause: its sends and receives fail.
func endRPC(ctx context.Context, cause error) {
	if end, ok := ctx.Value(endKey{}).(context.CancelCauseFunc); ok {
		end(cause)
	}
}
