package openai

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/openaiapi"
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
		blocks, err = openaiapi.Audio(in.out, p.Field(kind), p.At)
	case "file":
		blocks, err = in.file(p)
	default:
		return nil, converse.Refuse(p.Field("type").At, converse.FaultPart)
	}
	if err != nil {
		return nil, err
	}
	in.out.WarnUnknown(p, "type", kind, "cache_control", "prompt_cache_breakpoint")
	return openaiapi.Marked(in.out, blocks, p)
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
		openaiapi.WarnDetail(in.out, image)
		url = image.Field("url")
	}
	return in.out.Media(converse.Media{At: p.At, Kind: "image", Data: url})
}

// file reads a document.
func (in *input) file(p converse.Object) ([]converse.Block, error) {
	file, err := converse.ReadObject(p.Field("file"))
	if err != nil {
		return nil, err
	}
	in.out.WarnUnknown(file, "file_data", "filename", "file_id")
	return openaiapi.File(in.out, file, p.At)
}
