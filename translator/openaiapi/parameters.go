package openaiapi

import (
	"strconv"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// Extensions are members with which clients reach what Converse has and OpenAI has not,
// each in the agentic gateway's form and in Converse's.
func Extensions() []string {
	return []string{
		"top_k", "thinking", "additional_model_request_fields", "additionalModelRequestFields",
		"additional_model_response_field_paths", "additionalModelResponseFieldPaths", "guardrail", "guardrailConfig",
		"output_config", "outputConfig", "performance", "performanceConfig", "project_identifier", "projectIdentifier",
		"prompt_variables", "promptVariables", "request_metadata", "requestMetadata", "serviceTier",
	}
}

// IsDefault reports whether a value asks for nothing: null, false, 0, "" or an empty
// object or list.
func IsDefault(v rawjson.Value) bool {
	switch rawjson.Kind(v) {
	case 0, 'n', 'f':
		return true
	case '0':
		return string(v) == "0" || string(v) == "0.0"
	case '{', '[':
		return rawjson.Empty(v)
	case '"':
		return len(v) == 2
	default:
		return false
	}
}

// Parameters are members that both APIs have, and how they are read.
type Parameters struct {
	Out  *converse.Request
	Body converse.Object
	Mode converse.Mode
	// DropMetadata keeps the metadata of requests from Bedrock.
	DropMetadata bool
}

// AddInference adds the inference parameters. maxTokens, stop and effort have other names
// or places in each API.
func (p Parameters) AddInference(maxTokens, stop, effort converse.Field) error {
	inference := converse.Inference{
		MaxTokens: maxTokens, TopP: p.Body.Field("top_p"), TopK: p.Body.Field("top_k"), Stop: stop,
		Additional: p.Body.Either("additional_model_request_fields", "additionalModelRequestFields"),
	}
	var err error
	if inference.Temperature, err = p.temperature(); err != nil {
		return err
	}
	if err := p.Out.Thinking(p.Body.Field("thinking"), converse.Field{}, &inference); err != nil {
		return err
	}
	if err := p.Out.Effort(effort, &inference); err != nil {
		return err
	}
	return p.Out.Infer(inference)
}

// temperature lowers OpenAI's 0 to 2 to Converse's 0 to 1.
func (p Parameters) temperature() (converse.Field, error) {
	f := p.Body.Field("temperature")
	n, err := strconv.ParseFloat(string(f.Value), 64)
	if err != nil || n <= 1 || n > 2 || p.Mode == converse.Passthrough {
		return f, nil // converse checks it
	}
	return converse.Field{Value: rawjson.Value("1"), At: f.At}, p.Out.Repair(f.At, converse.FaultTemperature)
}

// AddOptions adds the members of Extensions that are no inference parameters, metadata
// and service_tier. schema is that of the answer, nil for none.
func (p Parameters) AddOptions(schema *converse.OutputSchema) error {
	if err := p.Out.GuardrailOf(p.Body); err != nil {
		return err
	}
	if err := p.Out.OutputConfig(p.Body.Either("output_config", "outputConfig"), schema); err != nil {
		return err
	}
	if err := p.metadata(); err != nil {
		return err
	}
	for _, o := range []struct {
		add func(converse.Field) error
		f   converse.Field
	}{
		{p.Out.ResponsePaths, p.Body.Either("additional_model_response_field_paths", "additionalModelResponseFieldPaths")},
		{p.Out.PromptVariables, p.Body.Either("prompt_variables", "promptVariables")},
		{p.Out.Performance, p.Body.Either("performance", "performanceConfig")},
		{p.Out.Project, p.Body.Either("project_identifier", "projectIdentifier")},
		{p.Out.ServiceTier, p.serviceTier()},
	} {
		if err := o.add(o.f); err != nil {
			return err
		}
	}
	return nil
}

// metadata is sent with requestMetadata, unless the operator keeps it back.
func (p Parameters) metadata() error {
	f := p.Body.Field("metadata")
	if p.DropMetadata {
		if !IsDefault(f.Value) {
			p.Out.Warn(f.At, converse.FaultMetadataKept)
		}
		f.Value = nil
	}
	return p.Out.AddMetadata(f, p.Body.Either("request_metadata", "requestMetadata"))
}

// serviceTier leaves out auto, which means Bedrock's default.
func (p Parameters) serviceTier() converse.Field {
	f := p.Body.Either("service_tier", "serviceTier")
	switch {
	case rawjson.IsText(f.Value, "auto"):
		f.Value = nil
	case rawjson.IsText(f.Value, "fast"):
		f.Value = rawjson.Value(`"priority"`)
	}
	return f
}

// ReadObfuscation warns of stream_options.include_obfuscation, if it is true.
func (p Parameters) ReadObfuscation(options converse.Object) error {
	f := options.Field("include_obfuscation")
	obfuscate, err := converse.ReadBoolean(f)
	if obfuscate {
		p.Out.Warn(f.At, converse.FaultNotSent)
	}
	return err
}

// ReadFormat reads the format of the answer, nil where the client asks for no schema. The
// schema is described in the format's member nested, or in the format itself for "".
func (p Parameters) ReadFormat(f converse.Field, nested string) (*converse.OutputSchema, error) {
	if rawjson.Absent(f.Value) {
		return nil, nil
	}
	format, err := converse.ReadObject(f)
	if err != nil {
		return nil, err
	}
	kind, err := format.Text("type")
	switch {
	case err != nil || rawjson.IsText(kind.Value, "text"):
		return nil, err
	case rawjson.IsText(kind.Value, "json_object"):
		p.Out.Warn(f.At, converse.FaultJSONObject)
		return nil, nil
	case !rawjson.IsText(kind.Value, "json_schema"):
		return nil, converse.Refuse(kind.At, converse.FaultResponseFormat)
	}
	schema, known := format, []string{"type", "name", "description", "schema", "strict"}
	if nested != "" {
		p.Out.WarnUnknown(format, "type", nested)
		if schema, err = converse.ReadObject(format.Field(nested)); err != nil {
			return nil, err
		}
		known = known[1:]
	}
	p.Out.WarnUnknown(schema, known...)
	if strict := schema.Field("strict"); rawjson.Kind(strict.Value) == 'f' {
		p.Out.Warn(strict.At, converse.FaultNotSent) // Bedrock is always strict
	}
	return &converse.OutputSchema{
		At: f.At, Name: schema.Field("name"), Description: schema.Field("description"), Schema: schema.Field("schema"),
	}, nil
}

// ChooseWord reads a tool choice that is a word.
func (p Parameters) ChooseWord(f converse.Field) error {
	switch rawjson.Text(f.Value) {
	case "auto", "":
		p.Out.Choose("auto", f.At)
	case "required", "any":
		p.Out.Choose("any", f.At)
	case "none":
		p.Out.ChooseNone()
	default:
		return p.Out.ChooseTool(f)
	}
	return nil
}

// ChooseAllowed reads the mode of a tool choice that allows some of the tools.
func (p Parameters) ChooseAllowed(mode converse.Field, allowed int, at string) {
	switch {
	case allowed == 0:
		p.Out.ChooseNone()
	case rawjson.IsText(mode.Value, "required"):
		p.Out.Choose("any", at)
	default:
		p.Out.Choose("auto", at)
	}
}

// WarnParallelCalls warns of parallel_tool_calls, if it is false and there are tools.
func (p Parameters) WarnParallelCalls() {
	f, tools := p.Body.Field("parallel_tool_calls"), p.Body.Get("tools")
	if rawjson.Kind(f.Value) == 'f' && rawjson.Kind(tools) == '[' && !rawjson.Empty(tools) {
		p.Out.Warn(f.At, converse.FaultParallelCalls)
	}
}
