package chat

import (
	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// content reads the content of a message: text, Converse blocks, or content parts of
// OpenAI's form.
func (in *input) content(f converse.Field) ([]converse.Block, error) {
	if rawjson.Kind(f.Value) != '[' {
		return in.out.Content(f, nil)
	}
	return in.out.Content(f, in.part)
}

// part reads a content part of OpenAI's form. Its members are those of
// https://platform.openai.com/docs/api-reference/chat/create.
func (in *input) part(p converse.Object) ([]converse.Block, error) {
	kind := rawjson.Text(p.Get("type"))
	in.out.WarnUnknown(p, "type", kind)
	switch kind {
	case "text", "refusal":
		return in.out.Text(p.Field(kind))
	case "image_url":
		return in.image(p)
	case "input_audio":
		audio, err := converse.ReadObject(p.Field(kind))
		if err != nil {
			return nil, err
		}
		in.out.WarnUnknown(audio, "data", "format")
		return in.out.Media(converse.Media{At: p.At, Kind: "audio", Data: audio.Field("data"), Format: audio.Field("format")})
	case "file":
		return in.file(p)
	}
	return nil, converse.Refuse(p.Field("type").At, converse.FaultPart)
}

// image reads an image_url, which some clients send as a string rather than an object.
func (in *input) image(p converse.Object) ([]converse.Block, error) {
	url := p.Field("image_url")
	if rawjson.Kind(url.Value) != '"' {
		image, err := converse.ReadObject(url)
		if err != nil {
			return nil, err
		}
		known := []string{"url"}
		if rawjson.IsText(image.Get("detail"), "auto") {
			known = append(known, "detail") // Bedrock has no other
		}
		in.out.WarnUnknown(image, known...)
		url = image.Field("url")
	}
	return in.out.Media(converse.Media{At: p.At, Kind: "image", Data: url})
}

func (in *input) file(p converse.Object) ([]converse.Block, error) {
	file, err := converse.ReadObject(p.Field("file"))
	if err != nil {
		return nil, err
	}
	if id := file.Field("file_id"); !rawjson.Absent(id.Value) {
		return nil, converse.Refuse(id.At, converse.FaultFileID)
	}
	in.out.WarnUnknown(file, "file_data", "filename")
	return in.out.Media(converse.Media{At: p.At, Kind: "document", Data: file.Field("file_data"), Name: file.Field("filename")})
}

// isParts reports whether a list consists of content parts of OpenAI's form, rather
// than of a tool's own JSON: each has a type, and the member that its type names.
func isParts(v rawjson.Value) bool {
	parts := rawjson.Kind(v) == '[' && !rawjson.Empty(v)
	for _, element := range rawjson.Elements(v) {
		members := rawjson.Members(element)
		kind := members.Get("type")
		parts = parts && rawjson.Kind(kind) == '"' && members.Get(rawjson.Text(kind)) != nil
	}
	return parts
}
