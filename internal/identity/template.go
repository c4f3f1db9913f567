package identity

import (
	"fmt"
	"strings"

	"bedrock-extproc/translator"
)

// A Template is a text with the names of values in braces, such as
// "team-{team}". Its zero value is the empty text. It is immutable.
type Template struct {
	text string // as written
	// texts and names alternate; the first and the last are texts.
	texts []string
	names []string
}

// Parse reads a template. With an error, which quotes the text, the template has the
// text and no names.
func Parse(text string) (Template, error) {
	t := Template{text: text}
	rest := text
	for {
		before, after, found := strings.Cut(rest, "{")
		if strings.Contains(before, "}") {
			return Template{text: text}, fmt.Errorf("%q has a } without a {", text)
		}
		t.texts = append(t.texts, before)
		if !found {
			return t, nil
		}
		name, after, found := strings.Cut(after, "}")
		if !found || name == "" || strings.Contains(name, "{") {
			return Template{text: text}, fmt.Errorf("%q: a { must be followed by the name of a value and a }, as in {team}", text)
		}
		t.names = append(t.names, name)
		rest = after
	}
}

// Names returns the names of its values.
func (t Template) Names() []string { return t.names }

// String returns the template as it was written.
func (t Template) String() string { return t.text }

// Equal reports whether two templates are written alike.
func (t Template) Equal(other Template) bool { return t.text == other.text }

// IsZero reports whether the template is the empty text.
func (t Template) IsZero() bool { return t.text == "" }

// Fill replaces each name with the result of value, and stops at its first error.
func (t Template) Fill(value func(name string) (string, error)) (string, error) {
	if len(t.names) == 0 {
		return t.text, nil
	}
	var out strings.Builder
	for i, name := range t.names {
		out.WriteString(t.texts[i])
		text, err := value(name)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
	}
	out.WriteString(t.texts[len(t.names)])
	return out.String(), nil
}

// Needed fills a template and fails if a value is missing: it is used where a
// missing value would grant access. The error, a *translator.Error of status 401,
// names the missing value.
func (t Template) Needed(texts map[string]string) (string, error) {
	return t.Fill(func(name string) (string, error) {
		if text := texts[name]; text != "" {
			return text, nil
		}
		return "", translator.ErrMissingIdentity(name)
	})
}

// Known fills a template and leaves missing values empty: it is used for labels.
func (t Template) Known(texts map[string]string) string {
	text, _ := t.Fill(func(name string) (string, error) { return texts[name], nil })
	return text
}
