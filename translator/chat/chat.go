package chat

import (
	"fmt"
	"net/http"
	"strings"

	"bedrock-extproc/translator"
)

// The routes of the dialect.
const (
	CompletionsPath = "/api/v1/llm/completions"
	StreamPath      = "/api/v1/llm/completions/stream"
)

// Config sets what the contract leaves open. Its zero value is the default.
type Config struct {
	ToolUseDeltas ToolUseDeltas
}

// ToolUseDeltas says whether streams carry tool_use_delta events.
type ToolUseDeltas int

const (
	// DeltasAuto sends them to every client but the reference's Python client,
	// which would add them up with the whole input that follows.
	DeltasAuto ToolUseDeltas = iota
	// DeltasAlways sends them to every client.
	DeltasAlways
	// DeltasNever sends them to none.
	DeltasNever
)

// ParseToolUseDeltas reads "auto", "always" or "never".
func ParseToolUseDeltas(s string) (ToolUseDeltas, error) {
	for value, name := range []string{"auto", "always", "never"} {
		if s == name {
			return ToolUseDeltas(value), nil
		}
	}
	return DeltasAuto, fmt.Errorf("%q is none of auto, always and never", s)
}

// Dialect implements translator.Dialect. It is immutable.
type Dialect struct{ cfg Config }

// New returns the dialect.
func New(cfg Config) (*Dialect, error) { return &Dialect{cfg: cfg}, nil }

// Routes implements translator.Dialect.
func (*Dialect) Routes() []translator.Route {
	return []translator.Route{
		{Method: http.MethodPost, Path: CompletionsPath},
		{Method: http.MethodPost, Path: StreamPath, Streaming: true},
	}
}

// EncodeError implements translator.Dialect.
func (*Dialect) EncodeError(e *translator.Error) []byte { return encodeError(e) }

// deltas decides about tool_use_delta: the request, then the configuration, then
// the client.
func (d *Dialect) deltas(asked *bool, userAgent string) bool {
	switch {
	case asked != nil:
		return *asked
	case d.cfg.ToolUseDeltas == DeltasAuto:
		return !strings.HasPrefix(userAgent, "python-httpx/")
	default:
		return d.cfg.ToolUseDeltas == DeltasAlways
	}
}
