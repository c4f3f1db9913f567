package converse

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator/family"
	"bedrock-extproc/translator/rawjson"
)

// strictTools holds tools with "strict": true to what the family takes. One tool
// too many, or one keyword, fails every request that offers it.
func (r *Request) strictTools() error {
	limits := r.family.Strict
	tools, optional := 0, 0
	for i := range r.tools {
		b := &r.tools[i]
		if b.Kind != "toolSpec" || rawjson.Kind(b.get("strict")) != 't' {
			continue
		}
		found := surveySchema(rawjson.Members(b.get("inputSchema")).Get("json"), limits)
		tools, optional = tools+1, optional+found.optional
		switch {
		case found.refused != "":
			return r.notStrict(b.At, fmt.Sprintf("a strict tool's schema cannot use %s", found.refused))
		case limits.Tools > 0 && tools > limits.Tools:
			return r.notStrict(b.At, fmt.Sprintf("there can be %d strict tools", limits.Tools))
		case limits.Optional > 0 && optional > limits.Optional:
			return r.notStrict(b.At, fmt.Sprintf("strict tools can have %d optional parameters together", limits.Optional))
		}
	}
	return nil
}

func (r *Request) notStrict(at, what string) error {
	return Invalid(at, "With "+r.family.Rule()+", "+what+".", "Change the schema, or leave strict out.")
}

// survey is what a schema holds, read in one pass.
type survey struct {
	dec      *jsontext.Decoder
	limits   family.Strict
	optional int    // properties that are not required, at every depth
	refused  string // the first keyword that the limits refuse
}

func surveySchema(schema rawjson.Value, limits family.Strict) *survey {
	s := &survey{limits: limits, dec: jsontext.NewDecoder(bytes.NewBuffer(schema), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
	s.schema()
	return s
}

// schema reads one schema; true and false are schemas, too.
func (s *survey) schema() {
	if s.dec.PeekKind() != '{' {
		_ = s.dec.SkipValue() // it was checked with the body
		return
	}
	var properties, required []string
	s.members(func(keyword string) {
		switch keyword {
		case "properties":
			s.members(func(name string) {
				properties = append(properties, name)
				s.schema()
			})
		case "patternProperties", "$defs", "definitions", "dependentSchemas":
			s.members(func(string) { s.schema() })
		case "items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames", "unevaluatedProperties":
			s.schema()
		case "allOf", "anyOf", "oneOf", "prefixItems":
			s.refuse(keyword, nil)
			s.schemas()
		default:
			value, _ := s.dec.ReadValue()
			s.refuse(keyword, value)
			if keyword == "required" {
				for _, name := range rawjson.Elements(value) {
					required = append(required, rawjson.Text(name))
				}
			}
		}
	})
	slices.Sort(required)
	for _, name := range properties {
		if _, ok := slices.BinarySearch(required, name); !ok {
			s.optional++
		}
	}
}

// members calls f for every name of an object; f reads the value.
func (s *survey) members(f func(name string)) {
	if s.dec.PeekKind() != '{' {
		_ = s.dec.SkipValue()
		return
	}
	_, _ = s.dec.ReadToken()
	for s.dec.PeekKind() == '"' {
		name, _ := s.dec.ReadToken()
		f(name.String())
	}
	_, _ = s.dec.ReadToken()
}

func (s *survey) schemas() {
	if s.dec.PeekKind() != '[' {
		_ = s.dec.SkipValue()
		return
	}
	_, _ = s.dec.ReadToken()
	for k := s.dec.PeekKind(); k != ']' && k != jsontext.KindInvalid; k = s.dec.PeekKind() {
		s.schema()
	}
	_, _ = s.dec.ReadToken()
}

func (s *survey) refuse(keyword string, value rawjson.Value) {
	if s.refused != "" || !slices.Contains(s.limits.Refuses, keyword) {
		return
	}
	if few := string(value); keyword == "minItems" && (few == "0" || few == "1") {
		return
	}
	s.refused = keyword
}
