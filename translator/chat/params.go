package chat

import (
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// inferenceConfig writes what the client gave, and nothing that it did not.
func inferenceConfig(in *request) ([]byte, error) {
	stop, err := stopSequences(in.Stop)
	if err != nil {
		return nil, err
	}
	w := newWriter(128)
	for _, number := range []struct {
		name, at string
		value    jsontext.Value
	}{{"maxTokens", "max_tokens", in.MaxTokens}, {"temperature", "temperature", in.Temperature}, {"topP", "top_p", in.TopP}} {
		if number.name == "temperature" {
			w.member("stopSequences", stop)
		}
		switch kindOf(number.value) {
		case 0, 'n':
		case '0':
			w.member(number.name, number.value)
		default:
			return nil, wrongType(number.at, "Input should be a number.")
		}
	}
	if len(w.buf) == 1 {
		return nil, nil
	}
	return w.end(), nil
}

// stopSequences takes one string or a list, without empty ones.
func stopSequences(v jsontext.Value) ([]byte, error) {
	var all []string
	switch kindOf(v) {
	case 0, 'n':
		return nil, nil
	case '"':
		all = []string{unquote(v)}
	default:
		if err := json.Unmarshal(v, &all); err != nil {
			return nil, wrongType("stop", "Input should be a string or a list of strings.")
		}
	}
	var kept []jsontext.Value
	for _, s := range all {
		if s != "" {
			kept = append(kept, quote(s))
		}
	}
	return list(kept), nil
}

// tool is one of the client's tools: flat, OpenAI's, or Converse's own.
type tool struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	InputSchema jsontext.Value `json:"input_schema"`
	Parameters  jsontext.Value `json:"parameters"`
	Function    *tool          `json:"function"`
	ToolSpec    jsontext.Value `json:"toolSpec"`
	SystemTool  jsontext.Value `json:"systemTool"`
	CachePoint  jsontext.Value `json:"cachePoint"`
}

// toolConfig writes the tools and the choice among them.
func (c *call) toolConfig(in *request, conv *conversation) ([]byte, error) {
	if len(in.Tools) == 0 {
		return nil, nil
	}
	choice, withheld, err := toolChoice(in.ToolChoice)
	if err != nil {
		return nil, err
	}
	c.toolsWithheld = withheld
	if withheld && !conv.tools {
		return nil, nil
	}
	tools := make([]jsontext.Value, len(in.Tools))
	for i := range in.Tools {
		if tools[i], err = in.Tools[i].converse("tools[" + strconv.Itoa(i) + "]"); err != nil {
			return nil, err
		}
	}
	w := newWriter(256)
	w.member("toolChoice", choice)
	w.member("tools", list(tools))
	return w.end(), nil
}

// converse is the tool in Converse's form.
func (t *tool) converse(at string) (jsontext.Value, error) {
	switch {
	case len(t.ToolSpec) > 0:
		return object("toolSpec", compact(t.ToolSpec)), nil
	case len(t.SystemTool) > 0:
		return object("systemTool", compact(t.SystemTool)), nil
	case len(t.CachePoint) > 0:
		return object("cachePoint", compact(t.CachePoint)), nil
	case t.Function != nil:
		return t.Function.converse(at + ".function")
	case t.Name == "":
		return nil, wrongType(at+".name", "Field required.")
	}
	w := newWriter(len(t.InputSchema) + len(t.Parameters) + 256)
	if !blank(quote(t.Description)) {
		w.text("description", t.Description)
	}
	schema := t.InputSchema
	if kindOf(schema) == 0 {
		schema = t.Parameters
	}
	w.member("inputSchema", object("json", schemaRoot(schema)))
	w.text("name", t.Name)
	return object("toolSpec", w.end()), nil
}

// schemaRoot is what the service accepts as the schema of a tool without input.
func schemaRoot(v jsontext.Value) jsontext.Value {
	if c := compact(v); kindOf(c) == '{' && string(c) != "{}" {
		return c
	}
	return jsontext.Value(`{"type":"object","properties":{}}`)
}

// toolChoice reads the words and Converse's own form. withheld is "none".
func toolChoice(v jsontext.Value) (choice []byte, withheld bool, err error) {
	switch kindOf(v) {
	case 0, 'n':
		return nil, false, nil
	case '{':
		return compact(v), false, nil
	case '"':
		switch name := unquote(v); name {
		case "":
			return nil, false, nil
		case "auto":
			return []byte(`{"auto":{}}`), false, nil
		case "any", "required":
			return []byte(`{"any":{}}`), false, nil
		case "none":
			return nil, true, nil
		default:
			return object("tool", object("name", quote(name))), false, nil
		}
	default:
		return nil, false, wrongType("tool_choice", "Input should be a string or an object.")
	}
}
