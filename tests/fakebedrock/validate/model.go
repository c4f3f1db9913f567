package validate

import (
	"regexp"
	"strings"
)

// model is a parsed model id.
type model struct {
	id       string
	bare     string // provider.name, without ARN and geography; "" for an opaque id
	profile  bool   // the id has a geography, so it is an inference profile
	resource string // resource type of an ARN: foundation-model, inference-profile, prompt, …
}

var (
	geographies = regexp.MustCompile(`^(?:us-gov|us|eu|apac|jp|au|ca|sa|in|global)\.`)
	named       = regexp.MustCompile(`^[a-z0-9-]+\.[A-Za-z0-9.:_-]+$`)
)

// parseModel parses a model id, an inference profile id, or an ARN:
// arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-…
func parseModel(id string) model {
	m := model{id: id}
	name := id
	if strings.HasPrefix(id, "arn:") {
		parts := strings.SplitN(id, ":", 6)
		if len(parts) < 6 {
			return m
		}
		m.resource, name, _ = strings.Cut(parts[5], "/")
		if m.resource != "foundation-model" && m.resource != "inference-profile" {
			return m // an id of its own, which says nothing about the model
		}
	}
	if loc := geographies.FindString(name); loc != "" {
		m.profile, name = true, name[len(loc):]
	}
	if named.MatchString(name) {
		m.bare = name
	}
	return m
}

// IsProfile reports whether a model id has a geography, so that it is the id of an
// inference profile.
func IsProfile(id string) bool { return parseModel(id).profile }

// is reports whether the model's name starts with one of the prefixes.
func (m model) is(prefixes ...string) bool {
	for _, p := range prefixes {
		if m.bare != "" && strings.HasPrefix(m.bare, p) {
			return true
		}
	}
	return false
}

// matches reports whether the model's name matches re.
func (m model) matches(re *regexp.Regexp) bool { return m.bare != "" && re.MatchString(m.bare) }

func (m model) claude() bool { return m.is("anthropic.") }
