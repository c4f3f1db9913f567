package chat

import (
	"maps"
	"slices"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// defaultGuardrail is the backend's or the caller's, in place of the request's.
func (in *request) defaultGuardrail(streaming bool) {
	g := in.defaults.Guardrail
	if g == nil {
		return
	}
	mode := g.StreamMode
	if !streaming {
		mode = ""
	}
	var config rawjson.Object
	for _, m := range []struct{ name, value string }{
		{"guardrailIdentifier", g.ID}, {"guardrailVersion", g.Version}, {"streamProcessingMode", mode}, {"trace", g.Trace},
	} {
		if m.value != "" {
			config = append(config, rawjson.Member{Name: m.name, Value: rawjson.Quote(m.value)})
		}
	}
	in.out.Set("guardrailConfig", converse.Field{Value: config.Value(), At: "guardrail"})
}

// tagged adds the backend's entries to the request's. They count where both name
// one: costs are attributed by the operator, not by the caller.
func (in *request) tagged(f converse.Field) converse.Field {
	if k := rawjson.Kind(f.Value); len(in.defaults.RequestMetadata) == 0 || k != '{' && !rawjson.Absent(f.Value) {
		return f
	}
	entries := rawjson.Members(f.Value)
	for i := range entries {
		if _, ours := in.defaults.RequestMetadata[entries[i].Name]; ours {
			entries[i].Value = nil // left out, also where a name comes twice
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.defaults.RequestMetadata)) {
		entries = entries.Set(name, rawjson.Quote(in.defaults.RequestMetadata[name]))
	}
	f.Value = entries.Value()
	return f
}
