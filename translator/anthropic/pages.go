package anthropic

import "bedrock-extproc/translator/rawjson"

// ModelsPaths are the paths of the list of models, with the header that a request must
// have: OpenAI's clients use the first path, too. A path below them is that of one model.
func ModelsPaths() map[string]string {
	return map[string]string{ModelsPath: VersionHeader, bedrockPrefix + ModelsPath: ""}
}

// ModelsPage lists models by name, on one page.
func ModelsPage(names []string) []byte {
	list, first, last := rawjson.Value("[]"), rawjson.Value("null"), rawjson.Value("null")
	if n := len(names); n > 0 {
		models := make([]rawjson.Value, n)
		for i, name := range names {
			models[i] = ModelPage(name)
		}
		list, first, last = rawjson.Array(models), rawjson.Quote(names[0]), rawjson.Quote(names[n-1])
	}
	w := rawjson.NewWriter(len(list) + 128)
	w.Member("data", list)
	w.Bool("has_more", false)
	w.Member("first_id", first)
	w.Member("last_id", last)
	return w.End()
}

// ModelPage shows one model. When it was made is not known: Anthropic has this time then.
func ModelPage(name string) []byte {
	w := rawjson.NewWriter(160)
	w.Text("type", "model")
	w.Text("id", name)
	w.Text("display_name", name)
	w.Text("created_at", "1970-01-01T00:00:00Z")
	return w.End()
}
