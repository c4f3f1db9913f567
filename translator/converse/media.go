package converse

import (
	"fmt"
	"slices"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// formats are what the service takes, by kind of block; see ImageBlock,
// VideoBlock, AudioBlock and DocumentBlock in the API reference.
var formats = map[string][]string{
	"image":    {"png", "jpeg", "gif", "webp"},
	"video":    {"mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"},
	"audio":    {"mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"},
	"document": {"pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"},
}

// aliases are other names of the same formats, in lower case.
var aliases = map[string]string{
	"jpg":             "jpeg",
	"pjpeg":           "jpeg",
	"jfif":            "jpeg",
	"image/jpeg":      "jpeg",
	"image/jpg":       "jpeg",
	"image/pjpeg":     "jpeg",
	"image/png":       "png",
	"image/gif":       "gif",
	"image/webp":      "webp",
	"video/mp4":       "mp4",
	"video/quicktime": "mov",
	"video/webm":      "webm",
	"3gp":             "three_gp",
	"video/3gpp":      "three_gp",
	"audio/mpeg":      "mp3",
	"audio/wav":       "wav",
	"htm":             "html",
	"markdown":        "md",
	"text":            "txt",
	"application/pdf": "pdf",
	"text/csv":        "csv",
	"text/html":       "html",
	"text/plain":      "txt",
	"text/markdown":   "md",

	"application/msword":       "doc",
	"application/vnd.ms-excel": "xls",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       "xlsx",
}

// media mends the name of the format and checks the bytes of an image, a video, a
// sound or a document.
func (r *Request) media(b *Block) error {
	members, at := rawjson.Members(b.value), b.At+"."+b.Kind
	if err := r.format(b, Field{members.Get("format"), at + ".format"}); err != nil {
		return err
	}
	return r.source(b, Field{members.Get("source"), at + ".source"})
}

// format folds case and aliases. What is then no format of the service is refused,
// and never called by the name of another.
func (r *Request) format(b *Block, f Field) error {
	takes := "It takes " + strings.Join(formats[b.Kind], ", ") + "."
	switch k := rawjson.Kind(f.Value); {
	case rawjson.Absent(f.Value) && b.Kind == "document":
		return nil // the service finds out by itself
	case rawjson.Absent(f.Value):
		return Invalid(f.At, "Bedrock needs the format of this "+b.Kind+".", takes)
	case k != '"':
		return Malformed(f.At, "Input should be a string.")
	}
	given := rawjson.Text(f.Value)
	format := strings.ToLower(given)
	if other, ok := aliases[format]; ok {
		format = other
	}
	switch {
	case !slices.Contains(formats[b.Kind], format):
		return Invalid(f.At, fmt.Sprintf("Bedrock takes no %s of the format %q.", b.Kind, given[:min(len(given), 40)]), takes)
	case format == given:
		return nil
	}
	b.set("format", rawjson.Quote(format))
	return r.repair(f.At, fault{
		"format_renamed", "Bedrock knows this format by another name.", fmt.Sprintf("The format was sent as %q, its name at Bedrock.", format), takes,
	})
}

// source checks base64 where it stands.
func (r *Request) source(b *Block, f Field) error {
	switch k := rawjson.Kind(f.Value); {
	case rawjson.Absent(f.Value):
		return Invalid(f.At, "The source is missing.", "Give source.bytes as base64, or source.s3Location.")
	case k != '{':
		return Malformed(f.At, "Input should be an object.")
	}
	members := rawjson.Members(f.Value)
	if !rawjson.Absent(members.Get("url")) {
		return Invalid(f.At+".url", "Addresses are not fetched.", "Send the bytes as base64, or source.s3Location.")
	}
	data := Field{members.Get("bytes"), f.At + ".bytes"}
	switch k := rawjson.Kind(data.Value); {
	case k == 0:
		return nil
	case k != '"':
		return Malformed(data.At, "Input should be a string with base64.")
	}
	mended, how, err := plainBase64(data)
	if err != nil || mended == nil {
		return err
	}
	b.set("source", members.Set("bytes", mended).Value())
	return r.repair(data.At, fault{
		"base64_rewritten", "This is not plain base64: " + how + ".", "The base64 was rewritten: " + how + ".",
		"Send base64 of the standard alphabet, with padding and nothing else.",
	})
}
