package openai

import (
	"unicode/utf8"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// readThought returns the text of a block of reasoning, a JSON string, and its element of
// thinking_blocks, which clients send back; nil for other blocks.
func readThought(b *converse.AnswerBlock) (text rawjson.Value, block *rawjson.Writer) {
	if b.Kind != "reasoningContent" {
		return nil, nil
	}
	content := rawjson.Members(rawjson.Members(b.Value).Get(b.Kind))
	w := rawjson.NewWriter(len(b.Value) + 64)
	if redacted := content.Get("redactedContent"); rawjson.Kind(redacted) == '"' {
		w.Text("type", "redacted_thinking")
		w.Member("data", redacted)
		return rawjson.Value(`""`), w
	}
	reasoning := rawjson.Members(content.Get("reasoningText"))
	if text = reasoning.Get("text"); rawjson.Kind(text) != '"' {
		return nil, nil // content_blocks has it
	}
	w.Text("type", "thinking")
	w.Member("thinking", text)
	w.Member("signature", reasoning.Get("signature"))
	return text, w
}

// annotations returns the citations of web pages in a block. Its text begins at the
// character start of the answer's content. content_blocks has all citations.
func annotations(b *converse.AnswerBlock, start int) []*rawjson.Writer {
	if b.Kind != "citationsContent" {
		return nil
	}
	var notes []*rawjson.Writer
	for _, v := range rawjson.Elements(rawjson.Members(rawjson.Members(b.Value).Get(b.Kind)).Get("citations")) {
		url, title, ok := converse.WebPage(rawjson.Members(v))
		if !ok {
			continue
		}
		cited := rawjson.NewWriter(256)
		cited.Member("url", url)
		cited.Member("title", title)
		cited.Int("start_index", start)
		cited.Int("end_index", start+characters(b.Text))
		note := rawjson.NewWriter(320)
		note.Text("type", "url_citation")
		note.Member("url_citation", cited.End())
		notes = append(notes, note)
	}
	return notes
}

// characters counts those of a JSON string, 0 for nil.
func characters(text rawjson.Value) int {
	if plain, ok := rawjson.Plain(text); ok {
		return utf8.RuneCount(plain)
	}
	if len(text) == 0 {
		return 0
	}
	return utf8.RuneCountInString(rawjson.Text(text))
}
