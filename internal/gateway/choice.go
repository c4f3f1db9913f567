package gateway

import "bedrock-extproc/extproc"

// The keys of gRPC initial metadata that Envoy can set for a filter or, by
// ExtProcPerRoute.overrides.grpc_initial_metadata, for a route. Clients cannot
// write them.
const (
	// MetadataBackend names the backend that answers, in its own region, whatever the
	// client asks for.
	MetadataBackend = "bedrock-backend"
	// MetadataClientChoice is "ignore" where the client may not choose a backend. Any
	// other value lets it choose.
	MetadataClientChoice = "bedrock-client-choice"
)

// choose returns the name of the backend that answers, "" for the default: the one
// that Envoy's configuration names, which is fixed, or the one that the client asks
// for if it may.
func choose(origin extproc.Origin, asked string) (name string, fixed bool) {
	if name := first(origin.InitialMetadata(MetadataBackend)); name != "" {
		return name, true
	}
	if first(origin.InitialMetadata(MetadataClientChoice)) == "ignore" {
		return "", true
	}
	return asked, false
}

func first(values []string) string {
	if len(values) > 0 {
		return values[0]
	}
	return ""
}
