package translator

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Aliases are the names that clients may ask for at one backend, and the model ids that
// they stand for. A name in which * stands for any text is a pattern. The zero value has
// none. It is immutable and safe for concurrent use.
type Aliases struct {
	models   map[string]string // by alias, patterns too
	patterns []string          // those of models, in the order in which they are tried
}

// NewAliases returns the aliases of a map from names and patterns to model ids.
//
// A name that is written out takes precedence over patterns. Of several patterns that
// match, the one with the most characters besides * counts, then the one with the fewest
// *, then the first in alphabetical order. So no pattern can hide another one.
func NewAliases(models map[string]string) Aliases {
	a := Aliases{models: maps.Clone(models)}
	for name := range models {
		if IsPattern(name) {
			a.patterns = append(a.patterns, name)
		}
	}
	slices.SortFunc(a.patterns, func(p, q string) int {
		stars, others := strings.Count(p, "*"), strings.Count(q, "*")
		return cmp.Or(len(q)-others-(len(p)-stars), stars-others, cmp.Compare(p, q))
	})
	return a
}

// Find returns the alias that a name matches, as it is configured, and the model id that
// it stands for. Without one, alias is "" and model is the name. The cost is linear in the
// length of the name, for each pattern.
func (a Aliases) Find(name string) (alias, model string) {
	if model, ok := a.models[name]; ok && !IsPattern(name) {
		return name, model
	}
	if len(name) <= MaxModelName {
		for _, pattern := range a.patterns {
			if aliasMatches(pattern, name) {
				return pattern, a.models[pattern]
			}
		}
	}
	return "", name
}

// Model is the model id that a name stands for, or the name itself.
func (a Aliases) Model(name string) string {
	_, model := a.Find(name)
	return model
}

// Names lists the aliases that are written out, in alphabetical order.
func (a Aliases) Names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(a.models)), IsPattern)
}

// Patterns lists the patterns in the order in which they are tried.
func (a Aliases) Patterns() []string { return slices.Clone(a.patterns) }

// aliasMatches reports whether a pattern is for this name. Patterns leave the service's own
// names alone unless they are written like them: "*" and "o*" are for the names of other
// APIs, and must not replace openai.gpt-oss-120b-1:0.
func aliasMatches(pattern, name string) bool {
	switch {
	case strings.HasPrefix(name, "arn:") && !strings.HasPrefix(pattern, "arn:"),
		IsProviderID(name) && !strings.Contains(pattern, "."):
		return false
	}
	return Glob(pattern, name)
}

// IsProviderID reports whether a name looks like one of Bedrock's model ids: a provider or
// a region, a dot and a letter. Names of other APIs have digits behind a dot, as gpt-4.1.
func IsProviderID(name string) bool {
	before, after, found := strings.Cut(name, ".")
	if !found || before == "" || after == "" || after[0] < 'a' || after[0] > 'z' {
		return false
	}
	return strings.Trim(before, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// IsPattern reports whether a name is a pattern for names.
func IsPattern(name string) bool { return strings.Contains(name, "*") }

// Glob reports whether text matches a pattern in which * stands for any text and nothing
// else has a meaning. Unlike in path.Match, the text may have slashes, as ARNs have.
func Glob(pattern, text string) bool {
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
