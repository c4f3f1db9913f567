package bedrock

import (
	"fmt"
	"strings"
)

// A Problem is one thing that is wrong with a Config. Its zero Backend or Key means
// that it belongs to no single backend or setting.
type Problem struct {
	// Backend is the name of a backend.
	Backend string
	// Key is the setting, as configuration files name it: "endpoint_url",
	// "models.fast", "fallback[1]".
	Key string
	// Text says what is wrong, without Backend and Key.
	Text string
}

// Error implements error.
func (p Problem) Error() string {
	text := p.Text
	if p.Key != "" {
		text = p.Key + ": " + text
	}
	if p.Backend != "" {
		text = fmt.Sprintf("backend %q: %s", p.Backend, text)
	}
	return text
}

// Problems are all that is wrong with a Config.
type Problems []Problem

// Error has a line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}
