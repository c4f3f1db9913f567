package chat

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

func (in *request) parameters() error {
	return in.out.Infer(converse.Inference{
		MaxTokens: in.field("max_tokens"), Temperature: in.field("temperature"), TopP: in.field("top_p"), TopK: in.field("top_k"),
		Stop: in.field("stop"), Additional: in.field("additional_model_request_fields"),
	})
}

func (in *request) options(streaming bool) error {
	if err := in.guardrail(streaming); err != nil {
		return err
	}
	if err := in.outputConfig(); err != nil {
		return err
	}
	for _, o := range []struct {
		add   func(converse.Field) error
		field string
	}{
		{in.out.ResponsePaths, "additional_model_response_field_paths"},
		{in.out.RequestMetadata, "request_metadata"},
		{in.out.PromptVariables, "prompt_variables"},
		{in.word("performanceConfig", "latency"), "performance"},
		{in.word("serviceTier", "type"), "service_tier"},
	} {
		f := in.field(o.field)
		if o.field == "request_metadata" {
			f = in.tagged(f)
		}
		if err := o.add(f); err != nil {
			return err
		}
	}
	return nil
}

// word adds an object with one member, of which clients may send the value alone.
func (in *request) word(name, member string) func(converse.Field) error {
	return func(f converse.Field) error {
		switch rawjson.Kind(f.Value) {
		case 0, 'n', '{':
		case '"':
			f.Value = rawjson.Wrap(member, f.Value)
		default:
			return converse.Malformed(f.At, "Input should be a string or an object.")
		}
		in.out.Set(name, f)
		return nil
	}
}

// guardrail becomes guardrailConfig; only streams have a mode.
func (in *request) guardrail(streaming bool) error {
	f := in.field("guardrail")
	switch g := in.defaults.Guardrail; {
	case g != nil && g.Enforced:
		return in.enforcedGuardrail(f, streaming)
	case rawjson.Absent(f.Value):
		in.defaultGuardrail(streaming)
		return nil
	case rawjson.Kind(f.Value) != '{':
		return converse.Malformed(f.At, "Input should be an object.")
	}
	given := partOf(f)
	in.ignored(given, "id", "version", "trace", "stream_mode")
	var config rawjson.Object
	for _, m := range []struct{ from, to string }{
		{"id", "guardrailIdentifier"}, {"version", "guardrailVersion"}, {"stream_mode", "streamProcessingMode"}, {"trace", "trace"},
	} {
		value, err := given.text(m.from)
		switch {
		case err != nil:
			return err
		case m.from == "id" && value.Value == nil:
			return converse.Invalid(value.At, "The id of the guardrail is missing.", "Give its id or ARN.")
		case m.from == "stream_mode" && !streaming:
			continue
		}
		config = append(config, rawjson.Member{Name: m.to, Value: value.Value})
	}
	in.out.Set("guardrailConfig", converse.Field{Value: config.Value(), At: f.At})
	return nil
}

// enforcedGuardrail takes the place of the request's, f, and looks at all of it.
func (in *request) enforcedGuardrail(f converse.Field, streaming bool) error {
	if at, ok := in.out.Selective(); ok {
		return converse.Invalid(at, "The guardrail of this caller looks at everything, and guardContent would keep the rest from it.", "Send the content as it is.")
	}
	if !rawjson.Absent(f.Value) {
		in.out.Warn("guardrail_replaced", f.At, "Another guardrail is set for this caller.")
	}
	in.defaultGuardrail(streaming)
	return nil
}

// outputConfig is the client's output_config with response_format in it.
func (in *request) outputConfig() error {
	f := in.field("output_config")
	if k := rawjson.Kind(f.Value); k != '{' && !rawjson.Absent(f.Value) {
		return converse.Malformed(f.At, "Input should be an object.")
	}
	format, err := in.textFormat(in.field("response_format"))
	if err != nil || format == nil {
		in.out.Set("outputConfig", f)
		return err
	}
	if rawjson.Absent(f.Value) {
		f = converse.Field{At: "response_format"}
	}
	config := rawjson.Members(f.Value)
	if !rawjson.Absent(config.Get("textFormat")) {
		return converse.Invalid("response_format", "The format is given twice, also in output_config.", "Give one of them.")
	}
	f.Value = config.Set("textFormat", format).Value()
	in.out.Set("outputConfig", f)
	return nil
}

// textFormat has the schema as JSON in a string, the way Converse wants it.
func (in *request) textFormat(f converse.Field) (rawjson.Value, error) {
	switch {
	case rawjson.Absent(f.Value):
		return nil, nil
	case rawjson.Kind(f.Value) != '{':
		return nil, converse.Malformed(f.At, "Input should be an object.")
	}
	given := partOf(f)
	in.ignored(given, "type", "json_schema")
	kind, err := given.text("type")
	switch {
	case err != nil:
		return nil, err
	case rawjson.IsText(kind.Value, "text"):
		return nil, nil
	case !rawjson.IsText(kind.Value, "json_schema"):
		return nil, converse.Invalid(kind.At, "Bedrock has no such response format.", "Use json_schema, with a schema.")
	}
	schema := given.field("json_schema")
	if rawjson.Kind(schema.Value) != '{' {
		return nil, converse.Malformed(schema.At, "Input should be an object with a schema.")
	}
	return in.jsonSchema(partOf(schema))
}

func (in *request) jsonSchema(given part) (rawjson.Value, error) {
	meant := []string{"name", "description", "schema"}
	if rawjson.Kind(given.Get("strict")) == 't' {
		meant = append(meant, "strict") // Bedrock always is
	}
	in.ignored(given, meant...)
	description, err := given.text("description")
	if err != nil {
		return nil, err
	}
	name, err := given.text("name")
	if err != nil {
		return nil, err
	}
	schema := given.Get("schema")
	switch {
	case rawjson.Kind(schema) == '{':
		schema = rawjson.AppendText(nil, rawjson.AppendCompact(nil, schema))
	case rawjson.Kind(schema) == '"' && rawjson.Check([]byte(rawjson.Text(schema))) == nil:
	default:
		return nil, converse.Malformed(given.At+".schema", "Input should be a JSON schema, which is an object.")
	}
	structure := rawjson.Wrap("jsonSchema", rawjson.Object{
		{Name: "description", Value: description.Value}, {Name: "name", Value: name.Value}, {Name: "schema", Value: schema},
	}.Value())
	return rawjson.Object{{Name: "structure", Value: structure}, {Name: "type", Value: rawjson.Value(`"json_schema"`)}}.Value(), nil
}

// streamOptions says whether the client asks for tool_use_delta events, nil when
// it does not say.
func (in *request) streamOptions() (*bool, error) {
	f := in.field("stream_options")
	switch {
	case rawjson.Absent(f.Value):
		return nil, nil
	case rawjson.Kind(f.Value) != '{':
		return nil, converse.Malformed(f.At, "Input should be an object.")
	}
	given := partOf(f)
	in.ignored(given, "tool_use_deltas")
	switch v := given.Get("tool_use_deltas"); rawjson.Kind(v) {
	case 0, 'n':
		return nil, nil
	case 't', 'f':
		return new(rawjson.Kind(v) == 't'), nil
	default:
		return nil, converse.Malformed(f.At+".tool_use_deltas", "Input should be true or false.")
	}
}
