package anthropic

import (
	"bytes"
	"fmt"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

func (in *input) document(p converse.Object) ([]converse.Block, error) {
	in.out.WarnUnknown(p, "type", "source", "title", "context", "citations", "cache_control")
	d := converse.Document{At: p.At, Context: p.Field("context"), Cite: cites(p)}
	var err error
	if d.Name, err = in.title(p); err != nil {
		return nil, err
	}
	source, media, err := in.source(p)
	if err != nil {
		return nil, err
	}
	kind := source.Field("type")
	switch {
	case media != nil && rawjson.IsText(kind.Value, "url") && !bytes.HasPrefix(media.Data.Value, []byte(`"s3://`)):
		return nil, converse.Refuse(media.Data.At, converse.FaultSource)
	case media != nil:
		d.Data, d.Format = media.Data, media.Format
	case rawjson.IsText(kind.Value, "text"):
		in.out.WarnUnknown(source, "type", "media_type", "data")
		d.Text = source.Field("data")
	case rawjson.IsText(kind.Value, "content"):
		in.out.WarnUnknown(source, "type", "content")
		if d.Text = source.Field("content"); rawjson.Kind(d.Text.Value) != '"' {
			d.Content, err = in.texts(source)
		}
	default:
		err = converse.Refuse(kind.At, converse.FaultSource)
	}
	if err != nil {
		return nil, err
	}
	return in.out.Document(d)
}

// title is the name of a document. Those without a title are numbered, because Bedrock
// requires a name and Anthropic does not.
func (in *input) title(p converse.Object) (converse.Field, error) {
	f, err := p.Text("title")
	if err != nil || f.Value != nil && !rawjson.Blank(f.Value) {
		return f, err
	}
	in.documents++
	name := "document"
	if in.documents > 1 {
		name = fmt.Sprintf("document %d", in.documents)
	}
	return converse.Field{Value: rawjson.Quote(name), At: f.At}, nil
}
