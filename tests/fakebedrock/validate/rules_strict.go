package validate

import (
	"bytes"
	"encoding/json"
	"slices"

	"bedrock-extproc/tests/fakebedrock/converse"
)

const (
	maxStrictTools   = 20
	maxOptionalTotal = 24
)

// strictTools: Claude's limits for strict tools.
func strictTools(r *request) string {
	if !r.model.claude() {
		return ""
	}
	strict, optional := 0, 0
	for _, spec := range r.specs() {
		if !spec.Strict {
			continue
		}
		strict++
		optional += optionalProperties(spec)
		if bytes.Contains(spec.InputSchema.JSON, []byte(`"oneOf"`)) {
			return returned("tools: Schema type 'oneOf' is not supported in strict tool %s", spec.Name)
		}
	}
	switch {
	case strict > maxStrictTools:
		return returned("tools: at most %d strict tools are supported, found %d", maxStrictTools, strict)
	case optional > maxOptionalTotal:
		return returned("tools: at most %d optional parameters are supported over all strict tools, found %d", maxOptionalTotal, optional)
	}
	return ""
}

func optionalProperties(spec *converse.ToolSpec) int {
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
	}
	if json.Unmarshal(spec.InputSchema.JSON, &schema) != nil {
		return 0
	}
	n := 0
	for name := range schema.Properties {
		if !slices.Contains(schema.Required, name) {
			n++
		}
	}
	return n
}
