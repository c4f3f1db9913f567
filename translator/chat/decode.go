package chat

import (
	"cmp"
	"fmt"

	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// request is the client's body and what becomes of it. Nothing is copied of it
// before the Converse request is written.
type request struct {
	part
	out      *converse.Request
	defaults translator.Defaults
}

// known are the members that mean something.
var known = []string{
	"model", "messages", "system", "temperature", "max_tokens", "metadata", "tools", "tool_choice", "top_p", "top_k", "stop",
	"additional_model_request_fields", "additional_model_response_field_paths", "guardrail", "response_format", "output_config",
	"performance", "service_tier", "request_metadata", "prompt_variables", "stream_options",
}

// Decode implements translator.Dialect.
func (d *Dialect) Decode(req translator.Request) (*translator.Call, error) {
	if err := rawjson.Check(req.Body); err != nil {
		return nil, converse.Malformed("", fmt.Sprintf("The body is not JSON: %v.", err))
	}
	if rawjson.Kind(req.Body) != '{' {
		return nil, converse.Malformed("", "The body should be a JSON object.")
	}
	in := &request{part: partOf(converse.Field{Value: req.Body}), defaults: req.Defaults}
	model, err := in.model(req.DefaultModel)
	if err != nil {
		return nil, err
	}
	in.out = converse.New(converse.Rules{Mode: d.cfg.Translation, Model: model, Family: d.family(cmp.Or(req.Defaults.Models[model], model))})
	asked, err := in.translate(req.Streaming)
	if err != nil {
		return nil, err
	}
	body, err := in.out.Body(len(req.Body) + 512)
	if err != nil {
		return nil, err
	}
	c := &call{
		model: model, names: in.out.Names(), warnings: in.out.Warnings(), toolsWithheld: in.out.ToolsWithheld(),
		toolUseDeltas: d.deltas(asked, req.Header.Get("user-agent")),
	}
	return &translator.Call{Model: model, Body: body, Streaming: req.Streaming, Guarded: in.out.Guarded(), Warnings: c.warnings, Encoder: c}, nil
}

func (in *request) model(fallback string) (string, error) {
	f, err := in.text("model")
	switch {
	case err != nil:
		return "", err
	case f.Value != nil && string(f.Value) != `""`:
		return rawjson.Text(f.Value), nil
	case fallback == "":
		return "", converse.Invalid("model", "No model is named, and the backend has no default.", "Name a model.")
	}
	return fallback, nil
}

// translate reads every member. asked is what stream_options says of
// tool_use_delta events, nil when it says nothing.
func (in *request) translate(streaming bool) (asked *bool, err error) {
	in.ignored(in.part, known...)
	if v := in.Get("metadata"); rawjson.Kind(v) != '{' && !rawjson.Absent(v) {
		return nil, converse.Malformed("metadata", "Input should be an object.")
	}
	for _, step := range []func() error{in.system, in.messages, in.tools, in.toolChoice, in.parameters} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if err := in.options(streaming); err != nil {
		return nil, err
	}
	return in.streamOptions()
}
