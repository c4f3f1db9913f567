package openai

import (
	"bytes"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// content reads text, or a list of content parts and Converse blocks.
func (in *input) content(f converse.Field) ([]converse.Block, error) {
	return in.out.Content(f, in.part)
}

// part reads a content part. Its members are those of
// https://platform.openai.com/docs/api-reference/chat/create.
func (in *input) part(p converse.Object) ([]converse.Block, error) {
	var blocks []converse.Block
	var err error
	kind := rawjson.Text(p.Get("type"))
	switch kind {
	case "thinking", "redacted_thinking":
		return in.thought(p)
	case "text", "refusal":
		blocks, err = in.out.Text(p.Field(kind))
	case "image_url":
		blocks, err = in.image(p)
	case "input_audio":
		blocks, err = in.audio(p)
	case "file":
		blocks, err = in.file(p)
	default:
		return nil, converse.Refuse(p.Field("type").At, converse.FaultPart)
	}
	if err != nil {
		return nil, err
	}
	in.out.WarnUnknown(p, "type", kind, "cache_control", "prompt_cache_breakpoint")
	return in.marked(blocks, p)
}

// marked appends the cache point that a message, a part or a call asks for. Without
// blocks there is nothing to cache.
func (in *input) marked(blocks []converse.Block, o converse.Object) ([]converse.Block, error) {
	for _, name := range []string{"cache_control", "prompt_cache_breakpoint"} {
		var err error
		if blocks, err = in.out.Mark(blocks, o.Field(name)); err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// image reads an image_url, which some clients send as a string rather than an object.
func (in *input) image(p converse.Object) ([]converse.Block, error) {
	url := p.Field("image_url")
	if rawjson.Kind(url.Value) != '"' {
		image, err := converse.ReadObject(url)
		if err != nil {
			return nil, err
		}
		in.out.WarnUnknown(image, "url", "detail")
		if detail := image.Field("detail"); !rawjson.Absent(detail.Value) && !rawjson.IsText(detail.Value, "auto") {
			in.out.Warn(detail.At, converse.FaultNotSent)
		}
		url = image.Field("url")
	}
	return in.out.Media(converse.Media{At: p.At, Kind: "image", Data: url})
}

func (in *input) audio(p converse.Object) ([]converse.Block, error) {
	audio, err := converse.ReadObject(p.Field("input_audio"))
	if err != nil {
		return nil, err
	}
	in.out.WarnUnknown(audio, "data", "format")
	return in.out.Media(converse.Media{At: p.At, Kind: "audio", Data: audio.Field("data"), Format: audio.Field("format")})
}

// file reads a document. Base64 without a media type has the format that the extension
// of the file name says.
func (in *input) file(p converse.Object) ([]converse.Block, error) {
	file, err := converse.ReadObject(p.Field("file"))
	if err != nil {
		return nil, err
	}
	if id := file.Field("file_id"); !rawjson.Absent(id.Value) {
		return nil, converse.Refuse(id.At, converse.FaultFileID)
	}
	in.out.WarnUnknown(file, "file_data", "filename")
	m := converse.Media{At: p.At, Kind: "document", Data: file.Field("file_data"), Name: file.Field("filename")}
	if !bytes.HasPrefix(m.Data.Value, []byte(`"data:`)) {
		m.Format = converse.DocumentFormat(m.Name)
	}
	return in.out.Media(m)
}
