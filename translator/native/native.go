package native

import (
	"cmp"
	"net/http"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// Dialect implements translator.Dialect. It is immutable.
type Dialect struct{ settings converse.Settings }

// New returns an error if settings name a family that does not exist. The mode of settings
// has no effect: callers of this API expect Bedrock's own verdict on their requests.
func New(settings converse.Settings) (*Dialect, error) {
	settings, err := settings.Complete()
	if err != nil {
		return nil, err
	}
	settings.Mode = converse.Passthrough
	return &Dialect{settings}, nil
}

// Name is the dialect's name in configuration, facts, logs and metrics.
const Name = "bedrock"

// Name implements translator.Dialect.
func (*Dialect) Name() string { return Name }

// The patterns of the dialect's routes.
const (
	ConversePattern       = "/model/{model}/converse"
	ConverseStreamPattern = "/model/{model}/converse-stream"
	CountTokensPattern    = "/model/{model}/count-tokens"
)

// Routes implements translator.Dialect.
func (*Dialect) Routes() []translator.Route {
	return []translator.Route{
		{Method: http.MethodPost, Pattern: ConversePattern},
		{Method: http.MethodPost, Pattern: ConverseStreamPattern, Streaming: true},
		{Method: http.MethodPost, Pattern: CountTokensPattern},
	}
}

// Scopes implements translator.Dialect: the paths of Bedrock's runtime, and those of its
// control plane that clients ask before a call.
func (*Dialect) Scopes() []translator.Scope {
	return []translator.Scope{
		{Prefix: "/model/"}, {Prefix: "/guardrail/"}, {Prefix: "/async-invoke"}, {Prefix: "/inference-profiles"}, {Prefix: "/foundation-models"},
	}
}

// Decode implements translator.Dialect.
func (d *Dialect) Decode(req translator.Request) (*translator.Call, error) {
	model := cmp.Or(req.PathModel, req.DefaultModel)
	if model == "" {
		return nil, converse.Refuse("modelId", converse.FaultNoModel)
	}
	r := converse.New(d.settings.Rules(model, req.Streaming, req))
	if err := r.CheckModel(converse.Field{At: "modelId"}); err != nil {
		return nil, err
	}
	if req.Pattern == CountTokensPattern {
		return &translator.Call{Model: model, Body: req.Body, CountTokens: true, Encoder: &count{}}, nil
	}
	body, err := r.Pass(req.Body)
	if err != nil {
		return nil, err
	}
	c := &call{warnings: r.Warnings()}
	return &translator.Call{
		Model: model, Body: body, Streaming: req.Streaming, Guarded: r.Guarded(), Warnings: c.warnings, Encoder: c,
	}, nil
}
