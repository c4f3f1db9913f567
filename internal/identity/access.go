package identity

import (
	"slices"
	"strings"

	"bedrock-extproc/translator"
)

// A Rule defines what callers with certain values may use. Its zero value matches
// all callers and allows everything.
type Rule struct {
	// Match holds patterns by the name of a value. All must match; for a list, one
	// matching text is enough. In a pattern, * matches any text. A missing value matches
	// nothing.
	Match map[string]string
	// Backend answers these callers, even if they or their route ask for another. The
	// zero value leaves the choice to them.
	Backend Template
	// Models are patterns of the model names that these callers may use, as the client
	// writes them or as the backend's default model is written. nil allows all.
	Models []string
	// Guardrail applies to these callers' requests, even if they ask for another.
	Guardrail *Guardrail
}

func (r Rule) matches(v Values) bool {
	for name, pattern := range r.Match {
		if !slices.ContainsFunc(v[name], func(text string) bool { return glob(pattern, text) }) {
			return false
		}
	}
	return true
}

// Allow returns a *translator.Error for a model that these callers may not use.
func (r Rule) Allow(model string) error {
	if r.Models == nil || slices.ContainsFunc(r.Models, func(pattern string) bool { return glob(pattern, model) }) {
		return nil
	}
	return translator.ErrForbiddenModel()
}

// glob reports whether text matches a pattern in which * matches any text. Unlike in
// path.Match, that includes slashes: ARNs have them.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	last := len(parts) - 1
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, part := range parts[1:last] {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return strings.HasSuffix(text, parts[last])
}
