package chat

import (
	"maps"
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// The pages of the dialect, answered to GET.
const (
	ModelsPath    = "/api/v1/llm/models"
	ProvidersPath = "/api/v1/providers"
	StatusPath    = "/api/v1/providers/status"
)

// ModelsPage lists models by name.
func ModelsPage(names []string) []byte {
	models := make([]rawjson.Value, len(names))
	for i, name := range names {
		w := rawjson.NewWriter(128)
		w.Text("name", name)
		w.Text("provider", "bedrock")
		w.Member("capabilities", []byte(`["chat","tool_use"]`))
		models[i] = w.End()
	}
	if len(models) == 0 {
		return []byte(`{"models":[]}`)
	}
	return rawjson.Wrap("models", rawjson.Array(models))
}

// ProvidersPage names the backends.
func ProvidersPage(fallback string, available []string) []byte {
	names := make([]rawjson.Value, len(available))
	for i, name := range available {
		names[i] = rawjson.Quote(name)
	}
	w := rawjson.NewWriter(128)
	w.Text("default", fallback)
	w.Member("available", rawjson.Array(names))
	return rawjson.Wrap("llm", w.End())
}

// StatusPage shows the states of providers, by names such as "llm/default".
func StatusPage(checks map[string]string) []byte {
	members := make(rawjson.Object, 0, len(checks))
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		members = append(members, rawjson.Member{Name: name, Value: rawjson.Quote(checks[name])})
	}
	return rawjson.Wrap("checks", members.Value())
}
