package chat

import (
	"net/http"
	"strings"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// The routes of the dialect.
const (
	CompletionsPath = "/api/v1/llm/completions"
	StreamPath      = "/api/v1/llm/completions/stream"
)

// Config has the settings of this dialect alone. Its zero value is the default.
type Config struct {
	ToolUseDeltas ToolUseDeltas
}

// ToolUseDeltas says whether streams carry tool_use_delta events.
type ToolUseDeltas int

const (
	// DeltasAuto sends them to every client but the reference's Python client, which
	// would add them to the complete input that follows.
	DeltasAuto ToolUseDeltas = iota
	// DeltasAlways sends them to every client.
	DeltasAlways
	// DeltasNever sends them to none.
	DeltasNever
)

// Dialect implements translator.Dialect. It is immutable.
type Dialect struct {
	settings converse.Settings
	cfg      Config
}

// New returns an error if settings name a family that does not exist.
func New(settings converse.Settings, cfg Config) (*Dialect, error) {
	settings, err := settings.Complete()
	if err != nil {
		return nil, err
	}
	return &Dialect{settings, cfg}, nil
}

// Name is the dialect's name in configuration, facts, logs and metrics.
const Name = "gateway"

// Name implements translator.Dialect.
func (*Dialect) Name() string { return Name }

// Routes implements translator.Dialect.
func (*Dialect) Routes() []translator.Route {
	return []translator.Route{
		{Method: http.MethodPost, Pattern: CompletionsPath},
		{Method: http.MethodPost, Pattern: StreamPath, Streaming: true},
	}
}

// Scopes implements translator.Dialect.
func (*Dialect) Scopes() []translator.Scope { return []translator.Scope{{Prefix: "/api/"}} }

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
