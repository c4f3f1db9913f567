package responses

import (
	"bedrock-extproc/translator"
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
	"bedrock-extproc/translator/rawjson"
)

// input is the client's body, and out the Converse request made from it. out refers
// to the body and copies nothing before it is written.
type input struct {
	converse.Object

	out    *converse.Request
	shared openaiapi.Parameters
	names  toolNames
	tools  int               // the tools of the request
	added  []converse.Object // items with further tools
	talked bool              // an item that is no system message was read
	turn   turn              // the last one, which the next item may continue
}

// Decode implements translator.Dialect.
func (d *Dialect) Decode(req translator.Request) (*translator.Call, error) {
	body, err := converse.ReadBody(req.Body, d.settings.Mode)
	if err != nil {
		return nil, err
	}
	in := &input{Object: body, names: newToolNames()}
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
	if err := in.translate(); err != nil {
		return nil, err
	}
	sent, err := in.out.Body(len(req.Body) + 512)
	if err != nil {
		return nil, err
	}
	c := &call{
		model: model, tools: in.names, names: in.out.Names(), warnings: in.out.Warnings(),
		withheld: in.out.Withheld(in.tools), repeated: repeat(body),
	}
	return &translator.Call{Model: model, Body: sent, Streaming: streaming, Guarded: in.out.Guarded(), Warnings: c.warnings, Encoder: c}, nil
}

// translate reads every member.
func (in *input) translate() error {
	if err := in.refused(); err != nil {
		return err
	}
	in.warnUnsent()
	for _, step := range []func() error{in.instructions, in.items, in.toolsAndChoice, in.parameters, in.options} {
		if err := step(); err != nil {
			return err
		}
	}
	return in.streamOptions()
}

func (in *input) parameters() error {
	f := in.Field("reasoning")
	reasoning := converse.Object{At: f.At}
	if !rawjson.Absent(f.Value) {
		var err error
		if reasoning, err = converse.ReadObject(f); err != nil {
			return err
		}
	}
	in.out.WarnUnknown(reasoning, "effort", "summary", "generate_summary", "context", "mode")
	in.warnUnless(reasoning.Field("context"), "auto")
	in.warnUnless(reasoning.Field("mode"), "standard")
	return in.shared.AddInference(in.Field("max_output_tokens"), in.Field("stop"), reasoning.Field("effort"))
}

func (in *input) options() error {
	f := in.Field("text")
	text := converse.Object{At: f.At}
	if !rawjson.Absent(f.Value) {
		var err error
		if text, err = converse.ReadObject(f); err != nil {
			return err
		}
	}
	in.out.WarnUnknown(text, "format", "verbosity")
	in.warnUnless(text.Field("verbosity"), "medium")
	schema, err := in.shared.ReadFormat(text.Field("format"), "")
	if err != nil {
		return err
	}
	return in.shared.AddOptions(schema)
}

// streamOptions is accepted without a stream, too.
func (in *input) streamOptions() error {
	f := in.Field("stream_options")
	if rawjson.Absent(f.Value) {
		return nil
	}
	options, err := converse.ReadObject(f)
	if err != nil {
		return err
	}
	in.out.WarnUnknown(options, "include_obfuscation")
	return in.shared.ReadObfuscation(options)
}

// warnUnless warns of a member that is not sent, unless it has its default.
func (in *input) warnUnless(f converse.Field, standard string) {
	if !rawjson.Absent(f.Value) && !rawjson.IsText(f.Value, standard) {
		in.out.Warn(f.At, converse.FaultNotSent)
	}
}
