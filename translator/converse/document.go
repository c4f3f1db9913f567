package converse

import (
	"fmt"
	"strconv"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// document checks and repairs a document, and gives it a name that Bedrock accepts
// and that no other document of the request has.
func (r *Request) document(b *Block) error {
	if err := r.media(b); err != nil {
		return err
	}
	return r.documentName(b, Field{rawjson.Members(b.value).Get("name"), b.At + ".document.name"}, false)
}

// documentName sets the name of a document for the client's name f, which may be absent.
// The name of a file may have an extension; then nothing warns that it is left out.
func (r *Request) documentName(b *Block, f Field, file bool) error {
	given := ""
	switch k := rawjson.Kind(f.Value); {
	case k == '"':
		given = rawjson.Text(f.Value)
	case !rawjson.Absent(f.Value):
		return Refuse(f.At, FaultNotString)
	}
	name := r.uniqueName(cleanDocumentName(given))
	if name == given {
		return nil
	}
	b.set("name", rawjson.Quote(name))
	if given != "" {
		if r.renamed == nil {
			r.renamed = map[string]string{}
		}
		r.renamed[name] = given
	}
	if file && name == withoutExtension(given) {
		return nil
	}
	return r.repair(f.At, faultDocumentName.with(values{name: strconv.Quote(name)}))
}

// maxDocumentName is Bedrock's limit.
const maxDocumentName = 200

// uniqueName appends a number to a name that another document has.
func (r *Request) uniqueName(name string) string {
	unique := name
	stem := strings.TrimSpace(name[:min(len(name), maxDocumentName-len(" (100000)"))])
	for r.docs[unique] {
		r.numbers[stem]++
		unique = fmt.Sprintf("%s (%d)", stem, r.numbers[stem]+1)
	}
	r.docs[unique] = true
	return unique
}

// withoutExtension removes a file's extension. The end of "Version 1.5" is none.
func withoutExtension(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 || len(name)-i > 6 || strings.Trim(name[i:], ".0123456789") == "" || strings.Contains(name[i:], " ") {
		return name
	}
	return name[:i]
}

// cleanDocumentName keeps ASCII letters and digits, single spaces and _ - ( ) [ ].
// It removes a file's extension. An empty name becomes "document".
func cleanDocumentName(name string) string {
	name = withoutExtension(name)
	mapped := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.ContainsRune("_-()[]", c):
			return c
		default:
			return ' '
		}
	}, name)
	clean := strings.Join(strings.Fields(mapped), " ")
	clean = strings.TrimSpace(clean[:min(len(clean), maxDocumentName)])
	if clean == "" {
		return "document"
	}
	return clean
}
