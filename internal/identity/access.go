package identity

import (
	"slices"
	"strings"
)

// A Rule says what callers with certain values may have. Its zero value matches
// everybody and allows everything.
type Rule struct {
	// Match holds patterns by the name of a value; all must match, and one of the
	// texts of a list is enough. In a pattern * stands for any text; a value that is
	// not known matches nothing.
	Match map[string]string
	// Backend answers these callers, whatever they or their route ask for. The zero
	// value leaves it to them.
	Backend Template
	// Models are patterns of the names that may be asked for, as the client writes
	// them or as the backend's default model is written. nil allows every name.
	Models []string
	// Guardrail guards these callers' requests, whichever they ask for.
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

// Allow returns an error, a *translator.Error, for a model that may not be asked for.
func (r Rule) Allow(model string) error {
	if r.Models == nil || slices.ContainsFunc(r.Models, func(pattern string) bool { return glob(pattern, model) }) {
		return nil
	}
	return forbidden("model", "The model is not among those that this caller may use.")
}

// glob reports whether a text is of a pattern in which * is any text. Unlike in
// path.Match a slash is a letter like any other: ARNs have them.
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
