package openai

import "bedrock-extproc/translator/rawjson"

// ModelsPaths are the paths of the list of models. A path below them is that of one model.
func ModelsPaths() []string { return []string{ModelsPath, bedrockPrefix + ModelsPath} }

// ModelsPage lists models by name.
func ModelsPage(names []string) []byte {
	models := rawjson.Value("[]")
	if len(names) > 0 {
		list := make([]rawjson.Value, len(names))
		for i, name := range names {
			list[i] = ModelPage(name)
		}
		models = rawjson.Array(list)
	}
	w := rawjson.NewWriter(len(models) + 64)
	w.Text("object", "list")
	w.Member("data", models)
	return w.End()
}

// ModelPage shows one model. When it was made is not known.
func ModelPage(name string) []byte {
	w := rawjson.NewWriter(128)
	w.Text("id", name)
	w.Text("object", "model")
	w.Int("created", 0)
	w.Text("owned_by", "bedrock")
	return w.End()
}
