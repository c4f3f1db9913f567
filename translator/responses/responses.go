package responses

import (
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
)

// The paths of the dialect. Clients have base URLs with /v1, with /openai/v1, as those
// of Bedrock's own endpoint, and with neither.
const (
	ResponsesPath = "/v1/responses"
	bedrockPrefix = "/openai"
	barePath      = "/responses"
)

// Config has the settings of this dialect alone. Its zero value is the default.
type Config struct {
	// DropMetadata keeps the metadata of requests from Bedrock, which shows it in
	// invocation logs.
	DropMetadata bool
}

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
	settings.Conversation = "input"
	return &Dialect{settings, cfg}, nil
}

// Name is the dialect's name in configuration, facts, logs and metrics.
const Name = "responses"

// Name implements translator.Dialect.
func (*Dialect) Name() string { return Name }

// Routes implements translator.Dialect. Whether an answer is streamed is said in the
// body.
func (*Dialect) Routes() []translator.Route {
	return []translator.Route{
		{Method: http.MethodPost, Pattern: ResponsesPath},
		{Method: http.MethodPost, Pattern: bedrockPrefix + ResponsesPath},
		{Method: http.MethodPost, Pattern: barePath},
	}
}

// Scopes implements translator.Dialect: what the API has for stored responses.
func (*Dialect) Scopes() []translator.Scope {
	return []translator.Scope{{Prefix: ResponsesPath + "/"}, {Prefix: bedrockPrefix + ResponsesPath + "/"}, {Prefix: barePath + "/"}}
}

// notStored is the hint of the error of a path below those of Routes.
const notStored = "Responses are not stored, so they cannot be retrieved, cancelled, compacted or deleted."

// EncodeError implements translator.Dialect.
func (*Dialect) EncodeError(e *translator.Error) translator.Response {
	if e.Kind == translator.KindUnknownPath && e.Hint == "" {
		hinted := *e
		hinted.Hint = notStored
		e = &hinted
	}
	return openaiapi.EncodeError(e)
}
