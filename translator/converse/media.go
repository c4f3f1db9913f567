package converse

import (
	"slices"
	"strconv"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// formats are Bedrock's formats, by kind of block; see ImageBlock, VideoBlock,
// AudioBlock and DocumentBlock in the API reference.
var formats = map[string][]string{
	"image":    {"png", "jpeg", "gif", "webp"},
	"video":    {"mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"},
	"audio":    {"mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"},
	"document": {"pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"},
}

// aliases map other names of formats, in lower case, to Bedrock's.
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

// media repairs the format name and checks the bytes of an image, a video, audio or a
// document.
func (r *Request) media(b *Block) error {
	members, at := rawjson.Members(b.value), b.At+"."+b.Kind
	source := Field{members.Get("source"), at + ".source"}
	var data rawjson.Value
	if rawjson.Kind(source.Value) == '{' {
		data = rawjson.Members(source.Value).Get("bytes")
	}
	if err := r.format(b, Field{members.Get("format"), at + ".format"}, data); err != nil {
		return err
	}
	return r.source(b, source)
}

// format replaces aliases with Bedrock's name for the format, and a wrong or absent format
// with the one that the bytes have. It refuses formats that Bedrock does not have. data is
// base64, nil if there is none.
func (r *Request) format(b *Block, f Field, data rawjson.Value) error {
	found := ""
	if b.Kind == "image" || b.Kind == "document" {
		found = formatOfBytes(b.Kind, data)
	}
	switch k := rawjson.Kind(f.Value); {
	case rawjson.Absent(f.Value) && b.Kind == "document":
		return nil // Bedrock detects it
	case rawjson.Absent(f.Value) && found != "":
		return r.setFormat(b, f, found)
	case rawjson.Absent(f.Value):
		return Refuse(f.At, faultNoFormat.with(values{kind: b.Kind, list: strings.Join(formats[b.Kind], ", ")}))
	case k != '"':
		return Refuse(f.At, FaultNotString)
	}
	given := rawjson.Text(f.Value)
	format := strings.ToLower(given)
	if other, ok := aliases[format]; ok {
		format = other
	}
	known := slices.Contains(formats[b.Kind], format)
	switch {
	case found != "" && found != format && (b.Kind == "image" || !known):
		return r.setFormat(b, f, found)
	case !known:
		return Refuse(f.At, faultFormat.with(values{kind: b.Kind, value: strconv.Quote(given[:min(len(given), 40)]), list: strings.Join(formats[b.Kind], ", ")}))
	case format == given:
		return nil
	}
	b.set("format", rawjson.Quote(format))
	return r.repair(f.At, faultFormatName.with(values{name: strconv.Quote(format), list: strings.Join(formats[b.Kind], ", ")}))
}

// setFormat sets the format that the bytes have.
func (r *Request) setFormat(b *Block, f Field, found string) error {
	b.set("format", rawjson.Quote(found))
	return r.repair(f.At, faultFormatDetected.with(values{kind: b.Kind, name: strconv.Quote(found)}))
}

// source checks and repairs the base64 of a source.
func (r *Request) source(b *Block, f Field) error {
	switch k := rawjson.Kind(f.Value); {
	case rawjson.Absent(f.Value):
		return Refuse(f.At, faultNoSource)
	case k != '{':
		return Refuse(f.At, FaultNotObject)
	}
	members := rawjson.Members(f.Value)
	if !rawjson.Absent(members.Get("url")) {
		return Refuse(f.At+".url", faultURL)
	}
	data := Field{members.Get("bytes"), f.At + ".bytes"}
	switch k := rawjson.Kind(data.Value); {
	case k == 0:
		return nil
	case k != '"':
		return Refuse(data.At, faultNotBase64String)
	}
	plain, fault, err := plainBase64(data)
	if err != nil || plain == nil {
		return err
	}
	b.set("source", members.Set("bytes", plain).Value())
	return r.repair(data.At, fault)
}
