package chat

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
)

// request is the client's body. Values that reach Bedrock as they are stay raw.
type request struct {
	Model       string         `json:"model"`
	Messages    []*message     `json:"messages"`
	System      jsontext.Value `json:"system"`
	Temperature jsontext.Value `json:"temperature"`
	TopP        jsontext.Value `json:"top_p"`
	MaxTokens   jsontext.Value `json:"max_tokens"`
	Stop        jsontext.Value `json:"stop"`
	Tools       []tool         `json:"tools"`
	ToolChoice  jsontext.Value `json:"tool_choice"`
	Metadata    jsontext.Value `json:"metadata"`

	TopK             jsontext.Value  `json:"top_k"`
	AdditionalFields jsontext.Value  `json:"additional_model_request_fields"`
	AdditionalPaths  jsontext.Value  `json:"additional_model_response_field_paths"`
	Guardrail        *guardrail      `json:"guardrail"`
	ResponseFormat   *responseFormat `json:"response_format"`
	OutputConfig     jsontext.Value  `json:"output_config"`
	Performance      jsontext.Value  `json:"performance"`
	ServiceTier      jsontext.Value  `json:"service_tier"`
	RequestMetadata  jsontext.Value  `json:"request_metadata"`
	PromptVariables  jsontext.Value  `json:"prompt_variables"`
	StreamOptions    streamOptions   `json:"stream_options"`
	Unknown          jsontext.Value  `json:",embed"`
}

type streamOptions struct {
	ToolUseDeltas *bool `json:"tool_use_deltas"`
}

// lenient accepts what the reference accepts: of a name that comes twice, the
// last one counts.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true))

// Decode implements translator.Dialect.
func (d *Dialect) Decode(req translator.Request) (*translator.Call, error) {
	var in request
	if err := json.Unmarshal(req.Body, &in, lenient); err != nil {
		return nil, malformed(err)
	}
	if in.Messages == nil {
		return nil, wrongType("messages", "Field required: a list of messages.")
	}
	if in.Model == "" {
		in.Model = req.DefaultModel
	}
	t := &translation{
		mode: d.cfg.Translation, model: in.Model, family: d.family(in.Model), version: d.cfg.Families.Version,
		docs: map[string]bool{}, streams: req.Streaming,
	}
	body, withheld, err := t.converse(&in)
	if err != nil {
		return nil, err
	}
	c := &call{
		model: in.Model, names: t.names, warnings: t.warnings, toolsWithheld: withheld,
		toolUseDeltas: d.deltas(in.StreamOptions.ToolUseDeltas, req.UserAgent),
	}
	return &translator.Call{Model: in.Model, Body: body, Streaming: req.Streaming, Warnings: t.warnings, Encoder: c}, nil
}

// converse writes the Converse request. Members are in alphabetical order, so
// that the same request always gives the same bytes.
func (t *translation) converse(in *request) (body []byte, withheld bool, err error) {
	if err := t.unknown(in.Unknown); err != nil {
		return nil, false, err
	}
	t.thinks = thinks(in.AdditionalFields)
	if err := t.conversation(in); err != nil {
		return nil, false, err
	}
	tools, withheld, err := t.toolConfig(in)
	if err != nil {
		return nil, false, err
	}
	if err := t.checkCachePoints(in); err != nil {
		return nil, false, err
	}
	w := newWriter(t.size() + len(tools) + len(in.AdditionalFields) + 512)
	for _, m := range []struct {
		name  string
		write func(*request) ([]byte, error)
	}{
		{"additionalModelRequestFields", t.additionalFields},
		{"additionalModelResponseFieldPaths", t.additionalPaths},
		{"guardrailConfig", t.guardrailConfig},
		{"inferenceConfig", t.inferenceConfig},
		{"messages", func(*request) ([]byte, error) { return nil, nil }},
		{"outputConfig", t.outputConfig},
		{"performanceConfig", t.performanceConfig},
		{"promptVariables", t.promptVariables},
		{"requestMetadata", t.requestMetadata},
		{"serviceTier", t.serviceTier},
		{"system", func(*request) ([]byte, error) { return listBlocksJSON(t.system), nil }},
		{"toolConfig", func(*request) ([]byte, error) { return tools, nil }},
	} {
		if m.name == "messages" {
			t.writeTurns(w)
			continue
		}
		value, err := m.write(in)
		if err != nil {
			return nil, false, err
		}
		w.member(m.name, value)
	}
	return w.end(), withheld, nil
}

// malformed words a JSON or type error with its place.
func malformed(err error) error {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		what := "has the wrong type"
		if e.JSONKind != 0 {
			what = "cannot be a JSON " + kindName(e.JSONKind)
		}
		return wrongType(path(e.JSONPointer), "Input "+what+".")
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return wrongType("", fmt.Sprintf("The body is not JSON: %v at byte %d.", e.Err, e.ByteOffset))
	}
	return wrongType("", "The body is not JSON.")
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '"':
		return "string"
	case '0':
		return "number"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	default:
		return "null"
	}
}

// path writes a JSON pointer the way users name places: messages[0].content.
func path(p jsontext.Pointer) string {
	var b strings.Builder
	for token := range p.Tokens() {
		if _, err := strconv.Atoi(token); err == nil {
			b.WriteString("[" + token + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(token)
	}
	return b.String()
}

// unknown names the top-level fields that nothing is done with.
func (t *translation) unknown(v jsontext.Value) error {
	if len(v) == 0 {
		return nil
	}
	names, err := memberNames(v)
	if err != nil {
		return malformed(err)
	}
	for _, name := range names {
		t.warn("unknown_field", name, "This field is not known and was not sent.")
	}
	return nil
}
