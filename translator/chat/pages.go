package chat

import (
	"github.com/go-json-experiment/json/jsontext"

	"bedrock-extproc/translator/rawjson"
)

// The pages of the dialect, answered to GET.
const (
	ModelsPath    = "/api/v1/llm/models"
	ProvidersPath = "/api/v1/providers"
)

// ModelsPage lists models by name.
func ModelsPage(names []string) []byte {
	var models []jsontext.Value
	for _, name := range names {
		w := newWriter(128)
		w.text("name", name)
		w.text("provider", "bedrock")
		w.member("capabilities", []byte(`["chat","tool_use"]`))
		models = append(models, w.end())
	}
	if models == nil {
		return []byte(`{"models":[]}`)
	}
	return object("models", list(models))
}

// ProvidersPage names the backends.
func ProvidersPage(fallback string, available []string) []byte {
	var names []jsontext.Value
	for _, name := range available {
		names = append(names, rawjson.Quote(name))
	}
	w := newWriter(128)
	w.text("default", fallback)
	w.member("available", list(names))
	return object("llm", w.end())
}
