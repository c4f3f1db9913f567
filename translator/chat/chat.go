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
	FailedStreams FailedStreams
	EarlyErrors   EarlyErrors
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

// FailedStreams says how a stream ends that fails after its response headers. docs/gateway-client.md
// lists what each client makes of it.
type FailedStreams int

const (
	// FailedAuto is FailedStopError for the reference's Python client, and FailedEvent for
	// others.
	FailedAuto FailedStreams = iota
	// FailedEvent ends it with the error event.
	FailedEvent
	// FailedReset cuts it off after the error event.
	FailedReset
	// FailedStopError sends message_stop with stop_reason "error", and metadata, after
	// the error event.
	FailedStopError
)

// EarlyErrors says how a streaming request is answered that fails before its stream has
// begun.
type EarlyErrors int

const (
	// EarlyStatus answers with the error's HTTP status.
	EarlyStatus EarlyErrors = iota
	// EarlyEvent answers with status 200 and a stream that has only the error event.
	EarlyEvent
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
		return !isReferenceClient(userAgent)
	default:
		return d.cfg.ToolUseDeltas == DeltasAlways
	}
}

// failedStreams decides for a client.
func (d *Dialect) failedStreams(userAgent string) FailedStreams {
	switch {
	case d.cfg.FailedStreams != FailedAuto:
		return d.cfg.FailedStreams
	case isReferenceClient(userAgent):
		return FailedStopError
	}
	return FailedEvent
}

// isReferenceClient recognizes the HTTP library of the reference's Python client.
func isReferenceClient(userAgent string) bool { return strings.HasPrefix(userAgent, "python-httpx/") }
