package anthropic

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
)

// input is the client's body, and out the Converse request made from it. out refers
// to the body and copies nothing before it is written.
type input struct {
	converse.Object

	out       *converse.Request
	allowed   []string // betas
	header    translator.HeaderFunc
	streaming bool
	counting  bool // the tokens, without an answer
	tools     int  // the tools of the request
	documents int  // those without a title
	talked    bool // a message that is no system message was read
}

// Decode implements translator.Dialect.
func (d *Dialect) Decode(req translator.Request) (*translator.Call, error) {
	body, err := converse.ReadBody(req.Body, d.settings.Mode)
	if err != nil {
		return nil, err
	}
	in := &input{Object: body, allowed: d.betas, header: req.Header, counting: counts(req.Pattern)}
	model, err := converse.ReadModel(in.Field("model"), req.DefaultModel, d.settings.Mode)
	if err != nil {
		return nil, err
	}
	if in.streaming, err = converse.ReadBoolean(in.Field("stream")); err != nil {
		return nil, err
	}
	in.streaming = in.streaming && !in.counting
	if in.out, err = d.settings.Begin(body, model, in.streaming, req); err != nil {
		return nil, err
	}
	if err := in.translate(); err != nil {
		return nil, err
	}
	write := in.out.Body
	if in.counting {
		write = in.out.CountBody
	}
	sent, err := write(len(req.Body) + 512)
	if err != nil {
		return nil, err
	}
	c := &call{model: model, names: in.out.Names(), warnings: in.out.Warnings(), withheld: in.out.Withheld(in.tools)}
	if in.counting {
		return newCount(sent, c), nil
	}
	return &translator.Call{Model: model, Body: sent, Streaming: in.streaming, Guarded: in.out.Guarded(), Warnings: c.warnings, Encoder: c}, nil
}

// translate reads every member.
func (in *input) translate() error {
	if err := in.refused(); err != nil {
		return err
	}
	in.warnUnsent()
	for _, step := range []func() error{in.system, in.messages, in.readTools, in.toolChoice, in.parameters, in.readGuardrail, in.outputFormat, in.options} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (in *input) readGuardrail() error { return in.out.GuardrailOf(in.Object) }
