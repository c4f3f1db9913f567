package answer

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// property is a property of a tool's JSON schema.
type property struct {
	name     string
	required bool
	Type     any               `json:"type"` // a string or a list of strings
	Enum     []any             `json:"enum"`
	Items    json.RawMessage   `json:"items"`
	Const    json.RawMessage   `json:"const"`
	Default  json.RawMessage   `json:"default"`
	Minimum  *json.Number      `json:"minimum"`
	Nested   json.RawMessage   `json:"properties"`
	Examples []json.RawMessage `json:"examples"`
}

func (p *property) is(kind string) bool {
	switch t := p.Type.(type) {
	case string:
		return t == kind
	case []any:
		return slices.Contains(t, any(kind))
	}
	return false
}

func propertiesOf(tool *converse.ToolSpec) []property { return properties(tool.InputSchema.JSON) }

// properties returns the properties of an object's schema, in their order.
func properties(schema json.RawMessage) []property {
	var object struct {
		Properties json.RawMessage
		Required   []string
	}
	if json.Unmarshal(schema, &object) != nil || object.Properties == nil {
		return nil
	}
	var list []property
	for name, raw := range members(object.Properties) {
		p := property{name: name, required: slices.Contains(object.Required, name)}
		if json.Unmarshal(raw, &p) == nil {
			list = append(list, p)
		}
	}
	return list
}

// members iterates over the members of a JSON object, in their order.
func members(object json.RawMessage) func(yield func(string, json.RawMessage) bool) {
	return func(yield func(string, json.RawMessage) bool) {
		dec := json.NewDecoder(bytes.NewReader(object))
		if t, err := dec.Token(); err != nil || t != json.Delim('{') {
			return
		}
		for dec.More() {
			name, err := dec.Token()
			var value json.RawMessage
			if err != nil || dec.Decode(&value) != nil || !yield(name.(string), value) {
				return
			}
		}
	}
}

func hasProperty(tool *converse.ToolSpec, name string) bool {
	return slices.ContainsFunc(propertiesOf(tool), func(p property) bool { return p.name == name })
}

// inputs returns the arguments of each call of a tool. If the tool takes one place and
// the text names several, there is one call per place.
func inputs(tool *converse.ToolSpec, text string) []json.RawMessage {
	places := placesIn(text)
	takers := 0
	for _, p := range propertiesOf(tool) {
		if p.isPlace() && !p.is("array") {
			takers++
		}
	}
	if takers != 1 || len(places) < 2 {
		return []json.RawMessage{fill(tool.InputSchema.JSON, &source{text: text, places: places})}
	}
	var list []json.RawMessage
	for _, place := range places {
		list = append(list, fill(tool.InputSchema.JSON, &source{text: text, places: []string{place}}))
	}
	return list
}

// source is the text that arguments are taken from. Each place and number is used
// once.
type source struct {
	text    string
	places  []string
	numbers []string
	scanned bool
}

var numbers = regexp.MustCompile(`-?\d+(?:\.\d+)?`)

func (s *source) place() (string, bool) {
	if len(s.places) == 0 {
		return "", false
	}
	place := s.places[0]
	if len(s.places) > 1 {
		s.places = s.places[1:]
	}
	return place, true
}

func (s *source) number(whole bool) (string, bool) {
	if !s.scanned {
		s.numbers, s.scanned = numbers.FindAllString(dates.ReplaceAllString(s.text, ""), -1), true
	}
	for i, n := range s.numbers {
		if !whole || !strings.Contains(n, ".") {
			s.numbers = slices.Delete(s.numbers, i, i+1)
			return strings.TrimPrefix(n, "+"), true
		}
	}
	return "", false
}

// fill returns an object for a schema, with all required properties and those that
// have a value in the text.
func fill(schema json.RawMessage, s *source) json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, p := range properties(schema) {
		value, ok := p.value(s)
		if !ok && p.required {
			value, ok = p.invent(s), true
		}
		if !ok {
			continue
		}
		if b.Len() > 1 {
			b.WriteString(", ")
		}
		b.Write(encode(p.name))
		b.WriteString(": ")
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return []byte("null")
	}
	return bytes.TrimSpace(b.Bytes())
}
