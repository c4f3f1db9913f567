package anthropic

import (
	"strings"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// content reads text, or a list of Anthropic's and Converse's blocks.
func (in *input) content(f converse.Field) ([]converse.Block, error) {
	return in.out.Content(f, in.block)
}

// block reads a content block. Its members are those of
// https://docs.claude.com/en/api/messages.
func (in *input) block(p converse.Object) ([]converse.Block, error) {
	switch kind := rawjson.Text(p.Get("type")); kind {
	case "thinking", "redacted_thinking":
		in.out.WarnUnknown(p, "type", "thinking", "signature", "data", "cache_control")
		thought, err := in.out.Thought(converse.Thought{At: p.At, Text: p.Field("thinking"), Signature: p.Field("signature"), Redacted: p.Field("data")})
		if err != nil {
			return nil, err
		}
		return in.out.Mark(thought, p.Field("cache_control"))
	case "tool_result":
		return in.toolResult(p)
	case "server_tool_use", "mcp_tool_use", "fallback":
		in.out.Warn(p.At, converse.FaultServerBlock)
		return nil, nil
	default:
		if strings.HasSuffix(kind, "_tool_result") {
			in.out.Warn(p.At, converse.FaultServerBlock)
			return nil, nil
		}
		blocks, err := in.marked(kind, p)
		if err != nil {
			return nil, err
		}
		return in.out.Mark(blocks, p.Field("cache_control"))
	}
}

// marked reads a block that may have a cache point behind it.
func (in *input) marked(kind string, p converse.Object) ([]converse.Block, error) {
	switch kind {
	case "text":
		return in.text(p)
	case "image":
		return in.image(p)
	case "document":
		return in.document(p)
	case "search_result":
		return in.searchResult(p)
	case "tool_use":
		in.out.WarnUnknown(p, "type", "id", "name", "input", "caller", "cache_control")
		block, err := in.out.ToolUse(converse.ToolUse{At: p.At, ID: p.Field("id"), Name: p.Field("name"), Input: p.Field("input")})
		return []converse.Block{block}, err
	case "compaction":
		in.out.WarnUnknown(p, "type", "content", "cache_control")
		return in.out.Text(p.Field("content"))
	case "tool_reference":
		in.out.WarnUnknown(p, "type", "tool_name", "cache_control")
		name, err := p.Text("tool_name")
		if err != nil || name.Value == nil {
			return nil, err
		}
		return []converse.Block{converse.TextBlock("The tool "+rawjson.Text(name.Value)+" is available.", p.At)}, nil
	}
	return nil, converse.Refuse(p.Field("type").At, converse.FaultBlockType)
}

func (in *input) text(p converse.Object) ([]converse.Block, error) {
	in.out.WarnUnknown(p, "type", "text", "citations", "cache_control")
	blocks, err := in.out.Text(p.Field("text"))
	if err != nil || len(blocks) == 0 {
		return blocks, err
	}
	var citations []rawjson.Value
	for i, v := range rawjson.Elements(p.Get("citations")) {
		if citation := readCitation(v); citation != nil {
			citations = append(citations, citation)
			continue
		}
		in.out.Warn(converse.Index(p.Field("citations").At, i), converse.FaultNotSent)
	}
	if len(citations) == 0 {
		return blocks, nil
	}
	return in.out.Cited(p.Field("text"), citations)
}

// source reads the source of an image or a document. media is nil for other types.
func (in *input) source(p converse.Object) (source converse.Object, media *converse.Media, err error) {
	source, err = converse.ReadObject(p.Field("source"))
	if err != nil {
		return source, nil, err
	}
	kind := source.Field("type")
	switch {
	case rawjson.IsText(kind.Value, "base64"):
		in.out.WarnUnknown(source, "type", "media_type", "data", "transformations")
		in.warnNotSent(source.Field("transformations"))
		return source, &converse.Media{Data: source.Field("data"), Format: converse.MediaFormat(source.Field("media_type"))}, nil
	case rawjson.IsText(kind.Value, "url"):
		in.out.WarnUnknown(source, "type", "url")
		return source, &converse.Media{Data: source.Field("url")}, nil
	}
	return source, nil, nil
}

func (in *input) image(p converse.Object) ([]converse.Block, error) {
	in.out.WarnUnknown(p, "type", "source", "cache_control")
	source, media, err := in.source(p)
	switch {
	case err != nil:
		return nil, err
	case media == nil:
		return nil, converse.Refuse(source.Field("type").At, converse.FaultSource)
	}
	media.At, media.Kind = p.At, "image"
	return in.out.Media(*media)
}

func (in *input) searchResult(p converse.Object) ([]converse.Block, error) {
	in.out.WarnUnknown(p, "type", "source", "title", "content", "citations", "cache_control")
	texts, err := in.texts(p)
	if err != nil {
		return nil, err
	}
	return in.out.SearchResult(converse.SearchResult{At: p.At, Source: p.Field("source"), Title: p.Field("title"), Content: texts, Cite: cites(p)})
}

// texts are those of the text blocks in the member content.
func (in *input) texts(p converse.Object) ([]converse.Field, error) {
	texts := []converse.Field{}
	err := p.Each("content", func(part converse.Object) error {
		if kind := part.Field("type"); !rawjson.IsText(kind.Value, "text") {
			return converse.Refuse(kind.At, converse.FaultSource)
		}
		in.out.WarnUnknown(part, "type", "text", "cache_control", "citations")
		texts = append(texts, part.Field("text"))
		return nil
	})
	return texts, err
}

// cites reports whether a document or a search result is to be cited.
func cites(p converse.Object) bool {
	v := p.Get("citations")
	return rawjson.Kind(v) == '{' && rawjson.Kind(rawjson.Members(v).Get("enabled")) == 't'
}
