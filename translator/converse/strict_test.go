package converse

import (
	"testing"

	"bedrock-extproc/translator/family"
	"bedrock-extproc/translator/rawjson"
)

func TestSurveySchema(t *testing.T) {
	limits := family.Strict{Refuses: []string{"oneOf", "minimum", "minItems"}}
	for schema, want := range map[string]survey{
		`{"type":"object","properties":{"a":{},"b":{},"c":{}},"required":["a","c"]}`:                                            {optional: 1},
		`{"required":["a"],"properties":{"a":{"properties":{"minimum":{"type":"number"},"oneOf":true}}}}`:                       {optional: 2},
		`{"properties":{"a":{"items":{"anyOf":[{"properties":{"x":{}}},{"type":"number","minimum":1}]}}}}`:                      {optional: 2, refused: "minimum"},
		`{"$defs":{"n":{"oneOf":[{"minimum":1}]}}}`:                                                                             {refused: "oneOf"},
		`{"properties":{"a":{"minItems":1},"b":{"minItems":2}},"required":["a","b"]}`:                                           {refused: "minItems"},
		`{"default":{"minimum":1,"properties":{"x":1}},"enum":[{"oneOf":[]}],"examples":[{"minimum":2}],"const":{"minimum":3}}`: {},
		`{"properties":[1],"anyOf":{},"items":true,"required":"a"}`:                                                             {},
		`true`: {},
		``:     {},
	} {
		got := surveySchema(rawjson.Value(schema), limits)
		if got.optional != want.optional || got.refused != want.refused {
			t.Errorf("%s: %d optional, %q refused; want %d, %q", schema, got.optional, got.refused, want.optional, want.refused)
		}
	}
}
