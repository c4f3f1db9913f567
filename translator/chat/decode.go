package chat

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator"
)

// request is the client's body. Values that reach Bedrock as they are stay raw.
type request struct {
	Model         string         `json:"model"`
	Messages      []message      `json:"messages"`
	System        jsontext.Value `json:"system"`
	Temperature   jsontext.Value `json:"temperature"`
	TopP          jsontext.Value `json:"top_p"`
	MaxTokens     jsontext.Value `json:"max_tokens"`
	Stop          jsontext.Value `json:"stop"`
	Tools         []tool         `json:"tools"`
	ToolChoice    jsontext.Value `json:"tool_choice"`
	Metadata      jsontext.Value `json:"metadata"`
	StreamOptions struct {
		ToolUseDeltas *bool `json:"tool_use_deltas"`
	} `json:"stream_options"`
	Unknown jsontext.Value `json:",unknown"`
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
	c := &call{model: in.Model, toolUseDeltas: d.deltas(in.StreamOptions.ToolUseDeltas, req.UserAgent)}
	body, err := c.converse(&in)
	if err != nil {
		return nil, err
	}
	return &translator.Call{Model: in.Model, Body: body, Streaming: req.Streaming, Encoder: c}, nil
}

// converse writes the Converse request, members in alphabetical order.
func (c *call) converse(in *request) ([]byte, error) {
	var err error
	var conv conversation
	if conv.system, err = systemBlocks(in.System); err != nil {
		return nil, err
	}
	for i := range in.Messages {
		if err := conv.add(&in.Messages[i], "messages["+strconv.Itoa(i)+"]"); err != nil {
			return nil, err
		}
	}
	inference, err := inferenceConfig(in)
	if err != nil {
		return nil, err
	}
	tools, err := c.toolConfig(in, &conv)
	if err != nil {
		return nil, err
	}
	w := newWriter(conv.size() + len(tools) + 256)
	w.member("inferenceConfig", inference)
	w.member("messages", conv.appendTurns(nil))
	w.member("system", list(conv.system))
	w.member("toolConfig", tools)
	return w.end(), nil
}

// malformed words a JSON or type error with its place.
func malformed(err error) error {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		what := "has the wrong type"
		if e.JSONKind != 0 && e.GoType != nil {
			what = fmt.Sprintf("cannot be a JSON %s", kindName(e.JSONKind))
		}
		return wrongType(path(e.JSONPointer), "Input "+what+".")
	}
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return wrongType("", fmt.Sprintf("The body is not JSON: %v at byte %d.", e.Err, e.ByteOffset))
	}
	if e, ok := errors.AsType[*translator.Error](err); ok {
		return e
	}
	return wrongType("", "The body is not a JSON object of the expected form.")
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

// wrongType is a request of the wrong form: 422.
func wrongType(at, text string) error {
	return &translator.Error{Status: http.StatusUnprocessableEntity, Kind: translator.KindMalformed, Path: at, Message: text}
}
