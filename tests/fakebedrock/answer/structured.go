package answer

import (
	"encoding/json"
	"strings"

	"bedrock-extproc/tests/fakebedrock/converse"
)

// structured returns an object for the request's output schema, if it has one.
func structured(r *converse.Request) (string, bool) {
	if r.OutputConfig == nil || r.OutputConfig.TextFormat == nil || r.OutputConfig.TextFormat.Structure.JSONSchema == nil {
		return "", false
	}
	schema := json.RawMessage(r.OutputConfig.TextFormat.Structure.JSONSchema.Schema)
	text := question(r)
	return string(fill(schema, &source{text: text, places: placesIn(text)})), true
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
