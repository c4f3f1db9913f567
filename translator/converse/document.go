package converse

import (
	"fmt"
	"strings"

	"bedrock-extproc/translator/rawjson"
)

// document also sees to a name that the service takes and that no other document
// of the request has.
func (r *Request) document(b *Block) error {
	if err := r.media(b); err != nil {
		return err
	}
	f := Field{rawjson.Members(b.value).Get("name"), b.At + ".document.name"}
	given := ""
	switch k := rawjson.Kind(f.Value); {
	case k == '"':
		given = rawjson.Text(f.Value)
	case !rawjson.Absent(f.Value):
		return Malformed(f.At, "Input should be a string.")
	}
	name := r.uniqueName(cleanDocumentName(given))
	if name == given {
		return nil
	}
	b.set("name", rawjson.Quote(name))
	return r.repair(f.At, fault{
		"document_renamed", "Bedrock does not take this name of a document, or takes it once.",
		fmt.Sprintf("The document was sent under the name %q.", name),
		"Use letters, digits, single spaces, hyphens, parentheses and brackets, at most 200, and every name once.",
	})
}

// maxDocumentName is the service's limit.
const maxDocumentName = 200

// uniqueName numbers a name that has been given before.
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

// cleanDocumentName keeps ASCII letters and digits, single spaces and - ( ) [ ].
// The extension of a file goes; "document" is what is left of nothing.
func cleanDocumentName(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 6 {
		name = name[:i]
	}
	mapped := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.ContainsRune("-()[]", c):
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
