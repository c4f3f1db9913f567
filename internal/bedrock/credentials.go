package bedrock

import "fmt"

// ServerCredentials says whether the sidecar's own AWS identity serves calls without
// keys. A caller's own keys always come first.
type ServerCredentials int

const (
	// ServerFallback serves calls without keys by the sidecar's identity.
	ServerFallback ServerCredentials = iota
	// ServerNever rejects calls without keys.
	ServerNever
	// ServerAlways is a synonym of ServerFallback.
	ServerAlways
)

// ParseServerCredentials reads "never", "fallback" or "always", or a boolean:
// "true" is always, "false" is never.
func ParseServerCredentials(s string) (ServerCredentials, error) {
	switch s {
	case "fallback":
		return ServerFallback, nil
	case "never", "false":
		return ServerNever, nil
	case "always", "true":
		return ServerAlways, nil
	}
	return ServerNever, fmt.Errorf("%q is none of never, fallback and always", s)
}
