package chat

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// input is the client's body, and out the Converse request made from it. out refers
// to the body and copies nothing before it is written.
type input struct {
	converse.Object
	out *converse.Request
}

// known are the members of the body that have a meaning.
var known = []string{
	"model", "messages", "system", "temperature", "max_tokens", "metadata", "tools", "tool_choice", "top_p", "top_k", "stop",
	"additional_model_request_fields", "additional_model_response_field_paths", "guardrail", "response_format", "output_config",
	"performance", "project_identifier", "service_tier", "request_metadata", "prompt_variables", "stream_options",
}

// Decode implements translator.Dialect.
func (d *Dialect) Decode(req translator.Request) (*translator.Call, error) {
	body, err := converse.ReadBody(req.Body, d.settings.Mode)
	if err != nil {
		return nil, err
	}
	in := &input{Object: body}
	model, err := converse.ReadModel(in.Field("model"), req.DefaultModel, d.settings.Mode)
	if err != nil {
		return nil, err
	}
	if in.out, err = d.settings.Begin(body, model, req.Streaming, req); err != nil {
		return nil, err
	}
	asked, err := in.translate()
	if err != nil {
		return nil, err
	}
	sent, err := in.out.Body(len(req.Body) + 512)
	if err != nil {
		return nil, err
	}
	agent := req.Header.Get("user-agent")
	failed := d.failedStreams(agent)
	c := &call{
		model: model, names: in.out.Names(), warnings: in.out.Warnings(), toolsWithheld: in.out.ToolsWithheld(),
		toolUseDeltas: d.deltas(asked, agent),
		stopError:     failed == FailedStopError, earlyEvent: d.cfg.EarlyErrors == EarlyEvent,
	}
	return &translator.Call{
		Model: model, Body: sent, Streaming: req.Streaming, Guarded: in.out.Guarded(), CutFailed: failed == FailedReset,
		Warnings: c.warnings, Encoder: c,
	}, nil
}

// translate reads every member. asked is the setting of tool_use_delta events in
// stream_options, nil if there is none.
func (in *input) translate() (asked *bool, err error) {
	in.out.WarnUnknown(in.Object, known...)
	if v := in.Get("metadata"); rawjson.Kind(v) != '{' && !rawjson.Absent(v) {
		return nil, converse.Refuse("metadata", converse.FaultNotObject)
	}
	for _, step := range []func() error{in.system, in.messages, in.tools, in.toolChoice, in.parameters, in.guardrail, in.outputConfig, in.options} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return in.streamOptions()
}
