package chat

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

func (in *input) parameters() error {
	return in.out.Infer(converse.Inference{
		MaxTokens: wholeNumber(in.Field("max_tokens")), Temperature: number(in.Field("temperature")),
		TopP: number(in.Field("top_p")), TopK: wholeNumber(in.Field("top_k")),
		Stop: in.Field("stop"), Additional: in.Field("additional_model_request_fields"),
	})
}

// guardrail adds the backend's guardrail, or the client's.
func (in *input) guardrail() error {
	f := in.Field("guardrail")
	if done, err := in.out.DefaultGuardrail(f); done || err != nil {
		return err
	}
	g, err := converse.ReadObject(f)
	if err != nil {
		return err
	}
	in.out.WarnUnknown(g, "id", "version", "trace", "stream_mode")
	return in.out.Guardrail(converse.Guardrail{
		At: g.At, ID: g.Field("id"), Version: g.Field("version"), Trace: g.Field("trace"), StreamMode: g.Field("stream_mode"),
	})
}

// outputConfig is the client's output_config with response_format in it.
func (in *input) outputConfig() error {
	schema, err := in.responseFormat()
	if err != nil {
		return err
	}
	return in.out.OutputConfig(in.Field("output_config"), schema)
}

// responseFormat is nil where the client asks for none or for text.
func (in *input) responseFormat() (*converse.OutputSchema, error) {
	f := in.Field("response_format")
	if rawjson.Absent(f.Value) {
		return nil, nil
	}
	format, err := converse.ReadObject(f)
	if err != nil {
		return nil, err
	}
	in.out.WarnUnknown(format, "type", "json_schema")
	kind, err := format.Text("type")
	switch {
	case err != nil:
		return nil, err
	case rawjson.IsText(kind.Value, "text"):
		return nil, nil
	case !rawjson.IsText(kind.Value, "json_schema"):
		return nil, converse.Refuse(kind.At, converse.FaultResponseFormat)
	}
	schema, err := converse.ReadObject(format.Field("json_schema"))
	if err != nil {
		return nil, err
	}
	known := []string{"name", "description", "schema"}
	if rawjson.Kind(boolean(schema.Field("strict")).Value) == 't' {
		known = append(known, "strict") // Bedrock always is
	}
	in.out.WarnUnknown(schema, known...)
	return &converse.OutputSchema{
		At: f.At, Name: schema.Field("name"), Description: schema.Field("description"), Schema: schema.Field("schema"),
	}, nil
}

func (in *input) options() error {
	for _, o := range []struct {
		add  func(converse.Field) error
		name string
	}{
		{in.out.ResponsePaths, "additional_model_response_field_paths"},
		{in.out.RequestMetadata, "request_metadata"},
		{in.out.PromptVariables, "prompt_variables"},
		{in.out.Performance, "performance"},
		{in.out.Project, "project_identifier"},
		{in.out.ServiceTier, "service_tier"},
	} {
		if err := o.add(in.Field(o.name)); err != nil {
			return err
		}
	}
	return nil
}

// streamOptions reads whether the client wants tool_use_delta events, nil if it does
// not say.
func (in *input) streamOptions() (*bool, error) {
	f := in.Field("stream_options")
	if rawjson.Absent(f.Value) {
		return nil, nil
	}
	options, err := converse.ReadObject(f)
	if err != nil {
		return nil, err
	}
	in.out.WarnUnknown(options, "tool_use_deltas")
	deltas := boolean(options.Field("tool_use_deltas"))
	switch k := rawjson.Kind(deltas.Value); k {
	case 0, 'n':
		return nil, nil
	case 't', 'f':
		return new(k == 't'), nil
	default:
		return nil, converse.Refuse(deltas.At, converse.FaultNotBoolean)
	}
}
