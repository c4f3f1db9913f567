package openai

import (
	"strconv"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

func (in *input) parameters() error {
	inference := converse.Inference{
		MaxTokens: in.maxTokens(), TopP: in.Field("top_p"), TopK: in.Field("top_k"), Stop: in.Field("stop"),
		Additional: in.Either("additional_model_request_fields", "additionalModelRequestFields"),
	}
	var err error
	if inference.Temperature, err = in.temperature(); err != nil {
		return err
	}
	if err := in.out.Thinking(in.Field("thinking"), converse.Field{}, &inference); err != nil {
		return err
	}
	if err := in.out.Effort(in.Field("reasoning_effort"), &inference); err != nil {
		return err
	}
	return in.out.Infer(inference)
}

// maxTokens reads OpenAI's newer name and the older one.
func (in *input) maxTokens() converse.Field {
	newer, older := in.Field("max_completion_tokens"), in.Field("max_tokens")
	switch {
	case rawjson.Absent(newer.Value):
		return older
	case !rawjson.Absent(older.Value) && string(older.Value) != string(newer.Value):
		in.out.Warn(older.At, converse.FaultMaxTokensTwice)
	}
	return newer
}

// temperature lowers OpenAI's 0 to 2 to Converse's 0 to 1.
func (in *input) temperature() (converse.Field, error) {
	f := in.Field("temperature")
	n, err := strconv.ParseFloat(string(f.Value), 64)
	if err != nil || n <= 1 || n > 2 || in.mode == converse.Passthrough {
		return f, nil // converse checks it
	}
	return converse.Field{Value: rawjson.Value("1"), At: f.At}, in.out.Repair(f.At, converse.FaultTemperature)
}

// outputConfig is the client's own with response_format in it.
func (in *input) outputConfig() error {
	schema, err := in.responseFormat()
	if err != nil {
		return err
	}
	return in.out.OutputConfig(in.Either("output_config", "outputConfig"), schema)
}

// responseFormat is nil where the client asks for no schema.
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
	case err != nil || rawjson.IsText(kind.Value, "text"):
		return nil, err
	case rawjson.IsText(kind.Value, "json_object"):
		in.out.Warn(f.At, converse.FaultJSONObject)
		return nil, nil
	case !rawjson.IsText(kind.Value, "json_schema"):
		return nil, converse.Refuse(kind.At, converse.FaultResponseFormat)
	}
	schema, err := converse.ReadObject(format.Field("json_schema"))
	if err != nil {
		return nil, err
	}
	in.out.WarnUnknown(schema, "name", "description", "schema", "strict")
	if strict := schema.Field("strict"); rawjson.Kind(strict.Value) == 'f' {
		in.out.Warn(strict.At, converse.FaultNotSent) // Bedrock is always strict
	}
	return &converse.OutputSchema{
		At: f.At, Name: schema.Field("name"), Description: schema.Field("description"), Schema: schema.Field("schema"),
	}, nil
}

func (in *input) options() error {
	if err := in.metadata(); err != nil {
		return err
	}
	for _, o := range []struct {
		add func(converse.Field) error
		f   converse.Field
	}{
		{in.out.ResponsePaths, in.Either("additional_model_response_field_paths", "additionalModelResponseFieldPaths")},
		{in.out.PromptVariables, in.Either("prompt_variables", "promptVariables")},
		{in.out.Performance, in.Either("performance", "performanceConfig")},
		{in.out.Project, in.Either("project_identifier", "projectIdentifier")},
		{in.out.ServiceTier, in.serviceTier()},
	} {
		if err := o.add(o.f); err != nil {
			return err
		}
	}
	return nil
}

// metadata is sent with requestMetadata, unless the operator keeps it back.
func (in *input) metadata() error {
	f := in.Field("metadata")
	if in.cfg.DropMetadata {
		if !isDefault(f.Value) {
			in.out.Warn(f.At, converse.FaultMetadataKept)
		}
		f.Value = nil
	}
	return in.out.AddMetadata(f, in.Either("request_metadata", "requestMetadata"))
}

// serviceTier leaves out auto, which means Bedrock's default.
func (in *input) serviceTier() converse.Field {
	f := in.Either("service_tier", "serviceTier")
	switch {
	case rawjson.IsText(f.Value, "auto"):
		f.Value = nil
	case rawjson.IsText(f.Value, "fast"):
		f.Value = rawjson.Value(`"priority"`)
	}
	return f
}

// streamOptions is accepted without a stream, too.
func (in *input) streamOptions(c *call) error {
	f := in.Field("stream_options")
	if rawjson.Absent(f.Value) {
		return nil
	}
	options, err := converse.ReadObject(f)
	if err != nil {
		return err
	}
	in.out.WarnUnknown(options, "include_usage", "include_obfuscation")
	if c.includeUsage, err = converse.ReadBoolean(options.Field("include_usage")); err != nil {
		return err
	}
	obfuscate, err := converse.ReadBoolean(options.Field("include_obfuscation"))
	if obfuscate {
		in.out.Warn(options.Field("include_obfuscation").At, converse.FaultNotSent)
	}
	return err
}
