package openai

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
)

// input is the client's body, and out the Converse request made from it. out refers
// to the body and copies nothing before it is written.
type input struct {
	converse.Object

	out    *converse.Request
	shared openaiapi.Parameters
	custom map[string]bool // the names of custom tools
	tools  int             // the tools of the request
	talked bool            // a message that is no system message was read
}

// Decode implements translator.Dialect.
func (d *Dialect) Decode(req translator.Request) (*translator.Call, error) {
	body, err := converse.ReadBody(req.Body, d.settings.Mode)
	if err != nil {
		return nil, err
	}
	in := &input{Object: body, custom: map[string]bool{}}
	model, err := converse.ReadModel(in.Field("model"), req.DefaultModel, d.settings.Mode)
	if err != nil {
		return nil, err
	}
	streaming, err := converse.ReadBoolean(in.Field("stream"))
	if err != nil {
		return nil, err
	}
	if in.out, err = d.settings.Begin(body, model, streaming, req); err != nil {
		return nil, err
	}
	in.shared = openaiapi.Parameters{Out: in.out, Body: body, Mode: d.settings.Mode, DropMetadata: d.cfg.DropMetadata}
	c := &call{model: model, custom: in.custom}
	if err := in.translate(c); err != nil {
		return nil, err
	}
	sent, err := in.out.Body(len(req.Body) + 512)
	if err != nil {
		return nil, err
	}
	c.names, c.warnings, c.withheld = in.out.Names(), in.out.Warnings(), in.out.Withheld(in.tools)
	return &translator.Call{Model: model, Body: sent, Streaming: streaming, Guarded: in.out.Guarded(), Warnings: c.warnings, Encoder: c}, nil
}

// translate reads every member.
func (in *input) translate(c *call) error {
	if err := in.refused(); err != nil {
		return err
	}
	in.warnUnsent()
	for _, step := range []func() error{in.messages, in.toolsAndChoice, in.parameters, in.options} {
		if err := step(); err != nil {
			return err
		}
	}
	return in.streamOptions(c)
}
