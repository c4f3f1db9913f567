package converse

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// Text makes the block of a content part with text, or none for blank text. Like Media,
// it is for a PartReader.
func (r *Request) Text(f Field) ([]Block, error) {
	if rawjson.Kind(f.Value) != '"' {
		return nil, Refuse(f.At, FaultNotString)
	}
	return r.text(f)
}

// Media is an image, a sound or a document in a dialect's own form.
type Media struct {
	At string
	// Kind is image, audio or document.
	Kind string
	// Data is base64, a data URL or a URL of S3. A data URL names the format, too, and
	// so does the extension in a URL of S3.
	Data Field
	// Format is Bedrock's name of the format, or another one. It may be absent in a
	// data URL, for a document, and for an image whose bytes show it.
	Format Field
	// Name is the file name of a document; it may be absent.
	Name Field
}

// Media makes the block of a content part with media.
func (r *Request) Media(m Media) ([]Block, error) {
	source, err := m.readSource()
	if err != nil {
		return nil, err
	}
	b := Block{Kind: m.Kind, At: m.At, members: rawjson.Object{
		{Name: "format", Value: given(m.Format.Value)}, {Name: "name", Value: given(m.Name.Value)}, {Name: "source", Value: source},
	}}
	if r.passes() {
		return []Block{b}, nil
	}
	return r.checkMedia(b, m)
}

// readSource returns the source of the block. A data URL sets the format, unless there
// is one.
func (m *Media) readSource() (rawjson.Value, error) {
	if rawjson.Kind(m.Data.Value) != '"' {
		return nil, Refuse(m.Data.At, faultNotBase64String)
	}
	noFormat := rawjson.Absent(m.Format.Value)
	if noFormat {
		m.Format.At = cmp.Or(m.Format.At, m.Data.At)
	}
	if m.inS3() {
		if name := rawjson.Text(m.Data.Value); noFormat {
			m.Format = Field{At: m.Data.At}
			if path.Ext(name) != "" {
				m.Format.Value = rawjson.Quote(path.Ext(name)[1:])
			}
		}
		return rawjson.Wrap("s3Location", rawjson.Wrap("uri", m.Data.Value)), nil
	}
	mediaType, base64, plain, isURL := cutDataURL(m.Data.Value)
	switch {
	case isURL && noFormat:
		m.Format = Field{formatOf(mediaType), m.Data.At}
	case !isURL && noFormat && m.Kind != "document" && formatOfBytes(m.Kind, m.Data.Value) == "":
		return nil, Refuse(m.Data.At, faultNotDataURL)
	case !isURL:
		return rawjson.Wrap("bytes", m.Data.Value), nil
	}
	return bytesSource(base64, plain), nil
}

// inS3 reports whether Data is a URL of S3, such as s3://bucket/key.png. Bedrock reads it
// with the rights of the call.
func (m *Media) inS3() bool { return bytes.HasPrefix(m.Data.Value, []byte(`"s3://`)) }

// checkMedia checks and repairs the block that Media has made.
func (r *Request) checkMedia(b Block, m Media) ([]Block, error) {
	if err := r.format(&b, m.Format, rawjson.Members(b.get("source")).Get("bytes")); err != nil {
		return nil, err
	}
	if m.inS3() {
		if m.Kind == "document" {
			return []Block{b}, r.documentName(&b, m.Name, true)
		}
		return []Block{b}, nil
	}
	plain, fault, err := plainBase64(Field{rawjson.Members(b.get("source")).Get("bytes"), m.Data.At})
	if err != nil {
		return nil, err
	}
	if plain != nil {
		b.set("source", rawjson.Wrap("bytes", plain))
		if err := r.repair(m.Data.At, fault); err != nil {
			return nil, err
		}
	}
	if m.Kind == "document" {
		err = r.documentName(&b, m.Name, true)
	}
	return []Block{b}, err
}

// bytesSource is the source of media with that base64. It copies the text once. plain says
// that the text needs no escapes in JSON: looking for some takes a tenth of the CPU of
// a call with a large image.
func bytesSource(base64 []byte, plain bool) rawjson.Value {
	source := append(make(rawjson.Value, 0, len(base64)+len(`{"bytes":""}`)), `{"bytes":`...)
	if plain {
		return append(append(append(source, '"'), base64...), `"}`...)
	}
	return append(rawjson.AppendText(source, base64), '}')
}

// cutDataURL returns the media type of a base64 data URL, in lower case and without
// parameters, and the base64. plain says that that has no escapes in url. ok is false for
// anything else.
func cutDataURL(url rawjson.Value) (mediaType string, base64 []byte, plain, ok bool) {
	text, plain := rawjson.Plain(url)
	if !plain {
		text = []byte(rawjson.Text(url))
	}
	comma := bytes.IndexByte(text[:min(len(text), maxURLHead)], ',')
	if comma < 0 {
		return "", nil, false, false
	}
	head, isData := strings.CutPrefix(strings.ToLower(string(text[:comma])), "data:")
	head, isBase64 := strings.CutSuffix(head, ";base64")
	if !isData || !isBase64 {
		return "", nil, false, false
	}
	mediaType, _, _ = strings.Cut(head, ";")
	return mediaType, text[comma+1:], plain, true
}

// maxURLHead bounds where the comma of a data URL is looked for, in bytes.
const maxURLHead = 1 << 10

// formatOf is Bedrock's name of the format with a media type, or the media type where
// Bedrock has none. It is absent without a media type.
func formatOf(mediaType string) rawjson.Value {
	switch name, ok := aliases[mediaType]; {
	case ok:
		return rawjson.Quote(name)
	case mediaType == "":
		return nil
	default:
		return rawjson.Quote(mediaType)
	}
}

// DocumentFormat is the format that the extension of a file name says, absent if that is
// no format of documents.
func DocumentFormat(name Field) Field {
	if rawjson.Kind(name.Value) != '"' {
		return Field{}
	}
	format := strings.ToLower(strings.TrimPrefix(path.Ext(rawjson.Text(name.Value)), "."))
	if slices.Contains(formats["document"], format) {
		return Field{rawjson.Quote(format), name.At}
	}
	return Field{}
}
