package bedrock

// ServerCredentials says whether the sidecar's own AWS identity serves calls without
// keys. A caller's own keys always come first.
type ServerCredentials int

const (
	// ServerFallback serves calls without keys by the sidecar's identity.
	ServerFallback ServerCredentials = iota
	// ServerNever rejects calls without keys.
	ServerNever
)
