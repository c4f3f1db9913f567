package openaiapi

import (
	"bytes"
	"unicode/utf8"

	"bedrock-extproc/translator/converse"
	"bedrock-extproc/translator/rawjson"
)

// Marked appends the cache point that a message, a part or a call asks for. Without
// blocks there is nothing to cache.
func Marked(out *converse.Request, blocks []converse.Block, o converse.Object) ([]converse.Block, error) {
	for _, name := range []string{"cache_control", "prompt_cache_breakpoint"} {
		var err error
		if blocks, err = out.Mark(blocks, o.Field(name)); err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// WarnDetail warns of the detail of an image or a file, unless it is the default.
func WarnDetail(out *converse.Request, o converse.Object) {
	if detail := o.Field("detail"); !rawjson.Absent(detail.Value) && !rawjson.IsText(detail.Value, "auto") {
		out.Warn(detail.At, converse.FaultNotSent)
	}
}

// Audio reads the object with data and format of a part with sound at a path.
func Audio(out *converse.Request, f converse.Field, at string) ([]converse.Block, error) {
	audio, err := converse.ReadObject(f)
	if err != nil {
		return nil, err
	}
	out.WarnUnknown(audio, "data", "format")
	return out.Media(converse.Media{At: at, Kind: "audio", Data: audio.Field("data"), Format: audio.Field("format")})
}

// File reads a document at a path: an object with filename and one of file_data and
// file_id. Base64 without a media type has the format that the extension of the file name
// says.
func File(out *converse.Request, file converse.Object, at string) ([]converse.Block, error) {
	if id := file.Field("file_id"); !rawjson.Absent(id.Value) {
		return nil, converse.Refuse(id.At, converse.FaultFileID)
	}
	m := converse.Media{At: at, Kind: "document", Data: file.Either("file_data", "file_url"), Name: file.Field("filename")}
	if !bytes.HasPrefix(m.Data.Value, []byte(`"data:`)) {
		m.Format = converse.DocumentFormat(m.Name)
	}
	return out.Media(m)
}

// A WebCitation is a citation of a web page in an answer; see converse.WebPage.
type WebCitation struct{ URL, Title rawjson.Value }

// WebCitations are those of a block. content_blocks has all citations.
func WebCitations(b *converse.AnswerBlock) []WebCitation {
	if b.Kind != "citationsContent" {
		return nil
	}
	var all []WebCitation
	for _, v := range rawjson.Elements(rawjson.Members(rawjson.Members(b.Value).Get(b.Kind)).Get("citations")) {
		if url, title, ok := converse.WebPage(rawjson.Members(v)); ok {
			all = append(all, WebCitation{url, title})
		}
	}
	return all
}

// Characters counts those of a JSON string, 0 for nil: the unit of a citation's indexes.
func Characters(text rawjson.Value) int {
	if plain, ok := rawjson.Plain(text); ok {
		return utf8.RuneCount(plain)
	}
	if len(text) == 0 {
		return 0
	}
	return utf8.RuneCountInString(rawjson.Text(text))
}
