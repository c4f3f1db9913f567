package extproc

import (
	"context"

	"google.golang.org/grpc/metadata"
)

// The keys of gRPC initial metadata that Envoy can set for a filter or, by
// ExtProcPerRoute.overrides.grpc_initial_metadata, for a route. Clients cannot
// write them.
const (
	// MetadataBackend names the backend that answers, in its region, whatever the
	// client asks for.
	MetadataBackend = "bedrock-backend"
	// MetadataClientChoice is "ignore" where the client's choice of a backend does
	// not count; anything else lets it count.
	MetadataClientChoice = "bedrock-client-choice"
)

// choose returns the name of the backend that answers, "" for the default: the
// one that Envoy's configuration names, which is fixed, or that the client asks for
// if it may.
func choose(ctx context.Context, asked string) (name string, fixed bool) {
	md, _ := metadata.FromIncomingContext(ctx)
	if name := first(md, MetadataBackend); name != "" {
		return name, true
	}
	if first(md, MetadataClientChoice) == "ignore" {
		return "", true
	}
	return asked, false
}

func first(md metadata.MD, key string) string {
	if values := md.Get(key); len(values) > 0 {
		return values[0]
	}
	return ""
}
