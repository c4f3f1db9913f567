package converse

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator/family"
	"bedrock-extproc/translator/rawjson"
)

// checkStrictTools refuses tools with "strict": true that the family does not accept.
func (r *Request) checkStrictTools() error {
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
			return Refuse(b.At, faultStrictKeyword.with(values{family: r.family, evidence: limits.Evidence, value: found.refused}))
		case limits.Tools > 0 && tools > limits.Tools:
			return Refuse(b.At, faultStrictTools.with(values{family: r.family, evidence: limits.Evidence, count: limits.Tools}))
		case limits.Optional > 0 && optional > limits.Optional:
			return Refuse(b.At, faultStrictOptional.with(values{family: r.family, evidence: limits.Evidence, count: limits.Optional}))
		}
	}
	return nil
}

// survey reads, in one pass, the parts of a schema that checkStrictTools needs.
type survey struct {
	dec      *jsontext.Decoder
	limits   family.Strict
	optional int    // properties that are not required, at every depth
	refused  string // the first keyword that the limits refuse
	open     []int  // where objects without additionalProperties end, in order
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
	object, closed := false, false
	s.members(func(keyword string) {
		closed = closed || keyword == "additionalProperties"
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
			switch keyword {
			case "required":
				for _, name := range rawjson.Elements(value) {
					required = append(required, rawjson.Text(name))
				}
			case "type":
				object = namesObject(value)
			}
		}
	})
	if object && !closed {
		s.open = append(s.open, int(s.dec.InputOffset())-1)
	}
	slices.Sort(required)
	for _, name := range properties {
		if _, ok := slices.BinarySearch(required, name); !ok {
			s.optional++
		}
	}
}

// namesObject reports whether the type of a schema is object, or one of several.
func namesObject(kind rawjson.Value) bool {
	for _, k := range rawjson.Elements(kind) {
		if rawjson.IsText(k, "object") {
			return true
		}
	}
	return rawjson.IsText(kind, "object")
}

// closeObjects adds "additionalProperties": false to the objects of a schema that say
// nothing about other properties, at every depth. All other bytes stay. It returns the
// schema itself where there are none.
func closeObjects(schema rawjson.Value) rawjson.Value {
	open := surveySchema(schema, family.Strict{}).open
	if len(open) == 0 {
		return schema
	}
	const member = `,"additionalProperties":false`
	closed, done := make(rawjson.Value, 0, len(schema)+len(open)*len(member)), 0
	for _, end := range open {
		closed = append(append(closed, schema[done:end]...), member...)
		done = end
	}
	return append(closed, schema[done:]...)
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
