package openai

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
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
	var notes []*rawjson.Writer
	for _, citation := range openaiapi.WebCitations(b) {
		cited := rawjson.NewWriter(256)
		cited.Member("url", citation.URL)
		cited.Member("title", citation.Title)
		cited.Int("start_index", start)
		cited.Int("end_index", start+openaiapi.Characters(b.Text))
		note := rawjson.NewWriter(320)
		note.Text("type", "url_citation")
		note.Member("url_citation", cited.End())
		notes = append(notes, note)
	}
	return notes
}
