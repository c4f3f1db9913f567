package identity

import (
	"slices"

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
		if !slices.ContainsFunc(v[name], func(text string) bool { return translator.Glob(pattern, text) }) {
			return false
		}
	}
	return true
}

// Allow returns a *translator.Error for a model that these callers may not use.
func (r Rule) Allow(model string) error {
	if r.Models == nil || slices.ContainsFunc(r.Models, func(pattern string) bool { return translator.Glob(pattern, model) }) {
		return nil
	}
	return translator.ErrForbiddenModel()
}
