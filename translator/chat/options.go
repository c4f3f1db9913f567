package chat

import (
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// guardrail is the client's form of guardrailConfig.
type guardrail struct {
	ID         string `json:"id"`
	Version    string `json:"version"`
	Trace      string `json:"trace"`
	StreamMode string `json:"stream_mode"`
}

// responseFormat is the client's form of outputConfig.textFormat.
type responseFormat struct {
	Type       string `json:"type"`
	JSONSchema *struct {
		Name        string         `json:"name"`
		Description string         `json:"description"`
		Schema      jsontext.Value `json:"schema"`
	} `json:"json_schema"`
}

// additionalFields are the client's own, as they are, with top_k among them.
func (*translation) additionalFields(in *request) ([]byte, error) {
	fields := in.AdditionalFields
	if absent(in.TopK) {
		return given(fields), nil
	}
	switch {
	case kindOf(in.TopK) != '0':
		return nil, wrongType("top_k", "Input should be a number.")
	case absent(fields):
		return object("top_k", in.TopK), nil
	case kindOf(fields) != '{':
		return nil, wrongType("additional_model_request_fields", "Input should be an object, since top_k is given too.")
	}
	c := compact(fields)
	w := &writer{buf: append([]byte(nil), c[:len(c)-1]...)}
	w.member("top_k", in.TopK)
	return w.end(), nil
}

func (*translation) additionalPaths(in *request) ([]byte, error) {
	return ofKind(in.AdditionalPaths, '[', "additional_model_response_field_paths", "a list of JSON pointers")
}

func (*translation) requestMetadata(in *request) ([]byte, error) {
	if absent(in.RequestMetadata) {
		return nil, nil
	}
	var tags map[string]string
	if err := json.Unmarshal(in.RequestMetadata, &tags, lenient); err != nil {
		return nil, wrongType("request_metadata", "Input should be an object of strings.")
	}
	if n := len(tags); n > 16 {
		return nil, invalid("request_metadata", "There are "+strconv.Itoa(n)+" entries.", "Bedrock takes 16 at most.")
	}
	return compact(in.RequestMetadata), nil
}

// promptVariables takes plain strings, and Converse's {"text": …}.
func (*translation) promptVariables(in *request) ([]byte, error) {
	v, err := ofKind(in.PromptVariables, '{', "prompt_variables", "an object")
	if err != nil || v == nil {
		return nil, err
	}
	w := newWriter(len(v) + 64)
	err = eachMember(v, func(name string, value jsontext.Value) {
		if kindOf(value) == '"' {
			value = object("text", value)
		}
		w.member(escaped(name), value)
	})
	return w.end(), err
}

// performanceConfig takes the latency as a word, or Converse's form.
func (*translation) performanceConfig(in *request) ([]byte, error) {
	return wordOrObject(in.Performance, "latency", "performance")
}

// serviceTier takes the tier as a word, or Converse's form.
func (*translation) serviceTier(in *request) ([]byte, error) {
	return wordOrObject(in.ServiceTier, "type", "service_tier")
}

func wordOrObject(v jsontext.Value, member, at string) ([]byte, error) {
	switch kindOf(v) {
	case 0, 'n':
		return nil, nil
	case '"':
		return object(member, v), nil
	case '{':
		return compact(v), nil
	default:
		return nil, wrongType(at, "Input should be a string or an object.")
	}
}

// ofKind is v, which must be of one kind or absent.
func ofKind(v jsontext.Value, kind jsontext.Kind, at, want string) ([]byte, error) {
	switch {
	case absent(v):
		return nil, nil
	case kindOf(v) != kind:
		return nil, wrongType(at, "Input should be "+want+".")
	}
	return compact(v), nil
}

func (t *translation) guardrailConfig(in *request) ([]byte, error) {
	g := in.Guardrail
	if g == nil {
		return nil, nil
	}
	if g.ID == "" {
		return nil, wrongType("guardrail.id", "Field required.")
	}
	w := newWriter(256)
	w.text("guardrailIdentifier", g.ID)
	w.optional("guardrailVersion", g.Version)
	if t.streams {
		w.optional("streamProcessingMode", g.StreamMode)
	}
	w.optional("trace", g.Trace)
	return w.end(), nil
}

// outputConfig is the client's, with response_format in it.
func (*translation) outputConfig(in *request) ([]byte, error) {
	config, err := ofKind(in.OutputConfig, '{', "output_config", "an object")
	if err != nil {
		return nil, err
	}
	format, err := textFormat(in.ResponseFormat)
	if err != nil || format == nil {
		return config, err
	}
	if config == nil {
		return object("textFormat", format), nil
	}
	names, err := memberNames(config)
	if err != nil {
		return nil, malformed(err)
	}
	if slices.Contains(names, "textFormat") {
		return nil, invalid("response_format", "The format is given twice, also in output_config.", "Give one of them.")
	}
	w := &writer{buf: append([]byte(nil), config[:len(config)-1]...)}
	w.member("textFormat", format)
	return w.end(), nil
}

// textFormat has the schema as JSON in a string, the way Converse wants it.
func textFormat(f *responseFormat) ([]byte, error) {
	switch {
	case f == nil || f.Type == "text":
		return nil, nil
	case f.Type != "json_schema":
		return nil, invalid("response_format.type", "Bedrock has no response format "+strconv.Quote(f.Type)+".", "Use json_schema, with a schema.")
	case f.JSONSchema == nil || kindOf(f.JSONSchema.Schema) != '{':
		return nil, wrongType("response_format.json_schema.schema", "Field required: a JSON schema, which is an object.")
	}
	w := newWriter(len(f.JSONSchema.Schema) + 256)
	w.optional("description", f.JSONSchema.Description)
	w.optional("name", f.JSONSchema.Name)
	w.text("schema", string(compact(f.JSONSchema.Schema)))
	out := newWriter(len(w.buf) + 64)
	out.member("structure", object("jsonSchema", w.end()))
	out.member("type", []byte(`"json_schema"`))
	return out.end(), nil
}
