package converse

import (
	"slices"

	"bedrock-extproc/translator/rawjson"
)

// A Document is a document in a dialect's own form: Data, Text or Content. The other
// fields may be absent.
type Document struct {
	At string
	// Name is a title or a file name.
	Name Field
	// Data is base64, a data URL or a URL of S3, in Format, one of Bedrock's names.
	Data, Format Field
	Text         Field
	// Content is a list of texts.
	Content []Field
	// Context is text that is no part of the document.
	Context Field
	// Cite asks for citations.
	Cite bool
}

// Document makes the block of a document.
func (r *Request) Document(d Document) ([]Block, error) {
	context, err := text(d.Context)
	if err != nil {
		return nil, err
	}
	var blocks []Block
	if d.Data.Value != nil {
		blocks, err = r.Media(Media{At: d.At, Kind: "document", Data: d.Data, Format: d.Format, Name: d.Name})
	} else {
		blocks, err = r.textDocument(d)
	}
	if err != nil {
		return nil, err
	}
	b := &blocks[0]
	if context.Value != nil {
		b.set("context", context.Value)
	}
	if d.Cite {
		b.set("citations", citationsOn)
	}
	return blocks, nil
}

var citationsOn = rawjson.Value(`{"enabled":true}`)

// textDocument is a document whose source is text, or a list of texts.
func (r *Request) textDocument(d Document) ([]Block, error) {
	source, err := requiredText(d.Text)
	if d.Content != nil {
		var parts []rawjson.Value
		if parts, err = textParts(d.Content); err == nil && len(parts) == 0 {
			err = Refuse(d.At, faultNoSource)
		}
		if err == nil {
			source = rawjson.Wrap("content", rawjson.Array(parts))
		}
	} else if err == nil {
		source = rawjson.Wrap("text", source)
	}
	if err != nil {
		return nil, err
	}
	b := Block{Kind: "document", At: d.At, members: rawjson.Object{
		{Name: "format", Value: rawjson.Value(`"txt"`)}, {Name: "name", Value: given(d.Name.Value)}, {Name: "source", Value: source},
	}}
	if r.passes() {
		return []Block{b}, nil
	}
	return []Block{b}, r.documentName(&b, d.Name, true)
}

func requiredText(f Field) (rawjson.Value, error) {
	if rawjson.Kind(f.Value) != '"' {
		return nil, Refuse(f.At, FaultNotString)
	}
	return f.Value, nil
}

// textParts are the texts as {"text": …}.
func textParts(texts []Field) ([]rawjson.Value, error) {
	parts := make([]rawjson.Value, len(texts))
	for i, f := range texts {
		v, err := requiredText(f)
		if err != nil {
			return nil, err
		}
		parts[i] = rawjson.Wrap("text", v)
	}
	return parts, nil
}

// A SearchResult is a search result in a dialect's own form.
type SearchResult struct {
	At            string
	Source, Title Field
	Content       []Field // texts
	Cite          bool    // asks for citations
}

// SearchResult makes the block of a search result.
func (r *Request) SearchResult(s SearchResult) ([]Block, error) {
	for _, f := range []Field{s.Source, s.Title} {
		if _, err := requiredText(f); err != nil {
			return nil, err
		}
	}
	parts, err := textParts(s.Content)
	if err != nil {
		return nil, err
	}
	content := rawjson.Value("[]")
	if len(parts) > 0 {
		content = rawjson.Array(parts)
	}
	members := rawjson.Object{{Name: "content", Value: content}, {Name: "source", Value: s.Source.Value}, {Name: "title", Value: s.Title.Value}}
	if s.Cite {
		members = append(members, rawjson.Member{Name: "citations", Value: citationsOn})
	}
	return []Block{{Kind: "searchResult", At: s.At, members: members}}, nil
}

// Cited makes the block of text that an answer had with citations, each in Converse's
// form. Without citations it is text.
func (r *Request) Cited(f Field, citations []rawjson.Value) ([]Block, error) {
	if len(citations) == 0 || rawjson.Kind(f.Value) != '"' {
		return r.Text(f)
	}
	parts := rawjson.Array([]rawjson.Value{rawjson.Wrap("text", f.Value)})
	return []Block{{Kind: "citationsContent", At: f.At, members: rawjson.Object{
		{Name: "citations", Value: rawjson.Array(citations)}, {Name: "content", Value: parts},
	}}}, nil
}

// TextBesideDocuments adds text to blocks that have a document and no other text, since
// Bedrock requires some. It is for APIs that allow a document alone.
func (r *Request) TextBesideDocuments(blocks []Block) ([]Block, error) {
	last := -1
	for i, b := range blocks {
		switch {
		case b.Kind == "document":
			last = i
		case b.Kind == "text" && !rawjson.Blank(b.value):
			return blocks, nil
		}
	}
	if last < 0 || r.passes() {
		return blocks, nil
	}
	at := blocks[last].At
	added := slices.Insert(slices.Clone(blocks), last+1, TextBlock("(document)", at))
	return added, r.repair(at, faultDocumentText)
}

// MediaFormat is Bedrock's name of the format with a media type, such as image/png.
func MediaFormat(mediaType Field) Field {
	if rawjson.Kind(mediaType.Value) != '"' {
		return mediaType
	}
	return Field{formatOf(rawjson.Text(mediaType.Value)), mediaType.At}
}
