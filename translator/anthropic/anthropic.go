package anthropic

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// The paths of the dialect. Clients have base URLs without a path, or with /anthropic, as
// that of Bedrock's own endpoint.
const (
	MessagesPath  = "/v1/messages"
	ModelsPath    = "/v1/models"
	bedrockPrefix = "/anthropic"
	// VersionHeader is sent by all of Anthropic's clients, and by no others. Any version is
	// accepted.
	VersionHeader = "anthropic-version"
)

// DefaultBetas are those that change what a model does, and that Bedrock is reported to
// accept.
func DefaultBetas() []string {
	return []string{
		"interleaved-thinking-2025-05-14", "context-1m-2025-08-07", "output-128k-2025-02-19", "effort-2025-11-24",
	}
}

// Config has the settings of this dialect alone. Its zero value is the default.
type Config struct {
	// Betas are the names that are sent to Claude models if the client asks for them; nil
	// means DefaultBetas.
	Betas []string
}

// Dialect implements translator.Dialect. It is immutable.
type Dialect struct {
	settings converse.Settings
	betas    []string
}

// New returns an error if settings name a family that does not exist.
func New(settings converse.Settings, cfg Config) (*Dialect, error) {
	settings, err := settings.Complete()
	if err != nil {
		return nil, err
	}
	if cfg.Betas == nil {
		cfg.Betas = DefaultBetas()
	}
	return &Dialect{settings, cfg.Betas}, nil
}

// Name is the dialect's name in configuration, facts, logs and metrics.
const Name = "anthropic"

// Name implements translator.Dialect.
func (*Dialect) Name() string { return Name }

// Routes implements translator.Dialect. Whether an answer is streamed is said in the
// body.
func (*Dialect) Routes() []translator.Route {
	return []translator.Route{
		{Method: http.MethodPost, Pattern: MessagesPath},
		{Method: http.MethodPost, Pattern: bedrockPrefix + MessagesPath},
		{Method: http.MethodPost, Pattern: CountPath},
		{Method: http.MethodPost, Pattern: bedrockPrefix + CountPath},
	}
}

// Scopes implements translator.Dialect.
func (*Dialect) Scopes() []translator.Scope {
	return []translator.Scope{{Prefix: MessagesPath}, {Prefix: bedrockPrefix + "/"}, {Prefix: "/v1/", Header: VersionHeader}}
}
