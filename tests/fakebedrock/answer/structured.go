package answer

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// structured returns an object for the request's output schema, or with the keys that the
// question asks for, if it has one or the other.
func structured(r *converse.Request) (string, bool) {
	text := question(r)
	schema := schemaOfKeys(text)
	if r.OutputConfig != nil && r.OutputConfig.TextFormat != nil && r.OutputConfig.TextFormat.Structure.JSONSchema != nil {
		schema = json.RawMessage(r.OutputConfig.TextFormat.Structure.JSONSchema.Schema)
	}
	if schema == nil {
		return "", false
	}
	return string(fill(schema, &source{text: text, places: placesIn(text)})), true
}

var (
	keyList = regexp.MustCompile(`(?i)\bjson\b.* with ((?:['"]\w+['"](?:,|and|\s)*)+)keys?\b`)
	key     = regexp.MustCompile(`['"](\w+)['"]`)
)

// schemaOfKeys returns the schema of an object with the keys that a text asks for, as in
// "Return a JSON with 'name' and 'age' keys". It is nil if there are none.
func schemaOfKeys(text string) json.RawMessage {
	found := keyList.FindStringSubmatch(text)
	if found == nil {
		return nil
	}
	properties := map[string]any{}
	for _, name := range key.FindAllStringSubmatch(found[1], -1) {
		properties[name[1]] = map[string]any{"type": "string"}
	}
	return encode(map[string]any{"properties": properties, "required": slices.Sorted(maps.Keys(properties))})
}

// responseFields answers additionalModelResponseFieldPaths. It supports stop_sequence
// and stop_reason.
func responseFields(r *converse.Request, stopReason string) json.RawMessage {
	fields := map[string]any{}
	for _, path := range r.AdditionalModelResponseFieldPaths {
		switch name := strings.TrimPrefix(path, "/"); name {
		case "stop_reason":
			fields[name] = stopReason
		case "stop_sequence":
			fields[name] = nil
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return encode(fields)
}
