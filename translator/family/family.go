// Package family knows what families of models take and refuse, as data: one
// dated table in families.yaml, which configuration can replace. The translator
// asks it before it repairs or refuses, and cites it when it does.
package family

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed families.yaml
var builtin []byte

// A Table is a version of the rules. It is read-only.
type Table struct {
	// Version is the date on which the rules were last checked, as 2026-07-03.
	Version string `yaml:"version"`
	// Families are tried in order; the first that matches a model counts.
	Families []Family `yaml:"families"`
}

// A Family is a set of models with the same rules. A rule that is absent says
// nothing: the request is passed on, and Bedrock decides.
type Family struct {
	// Name is how configuration refers to the family.
	Name string `yaml:"name"`
	// Match are parts of model ids, any of which makes a model a member.
	Match []string `yaml:"match"`
	// Except are parts of model ids that make it none.
	Except []string `yaml:"except"`
	// FirstTurn is "any" where a conversation may begin with the assistant, and
	// "user" where it may not.
	FirstTurn string `yaml:"first_turn"`
	// LastTurn is "user" where the last turn may not be the assistant's.
	LastTurn string `yaml:"last_turn"`
	// ToolResultAlone forbids other blocks beside tool results in a turn.
	ToolResultAlone bool `yaml:"tool_result_alone"`
	// ToolResultBeside lists kinds of blocks that may not stand beside a tool result.
	ToolResultBeside []string `yaml:"tool_result_not_beside"`
	// NoToolResultStatus drops the status of tool results.
	NoToolResultStatus bool `yaml:"no_tool_result_status"`
	// UnsignedReasoning is "drop" where reasoning without a signature is refused.
	UnsignedReasoning string `yaml:"unsigned_reasoning"`
	// ThinkingForbidsForcedTool refuses tool_choice any or a name while the model
	// thinks.
	ThinkingForbidsForcedTool bool `yaml:"thinking_forbids_forced_tool"`
	// MaxCachePoints is the most cache points of a request, 0 when unknown.
	MaxCachePoints int `yaml:"max_cache_points"`
	// NoBlankStop refuses stop sequences of nothing but white space.
	NoBlankStop bool `yaml:"no_blank_stop"`
	// NotTogether are inference parameters of which only one may be given.
	NotTogether []string `yaml:"not_together"`
}

// Builtin is the table that comes with the program.
func Builtin() (*Table, error) { return Parse(builtin) }

// Parse reads a table in YAML. Unknown keys are errors.
func Parse(text []byte) (*Table, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	var t Table
	if err := dec.Decode(&t); err != nil {
		return nil, fmt.Errorf("family rules: %w", err)
	}
	for i, f := range t.Families {
		if f.Name == "" {
			return nil, fmt.Errorf("family rules: family %d has no name", i+1)
		}
	}
	return &t, nil
}

// Of returns the family of a model id, or nil for one that the id does not tell,
// such as the ARN of an application inference profile.
func (t *Table) Of(model string) *Family {
	model = strings.ToLower(model)
	for i := range t.Families {
		if f := &t.Families[i]; contains(model, f.Match) && !contains(model, f.Except) {
			return f
		}
	}
	return nil
}

// Named returns the family of that name, or nil.
func (t *Table) Named(name string) *Family {
	for i := range t.Families {
		if t.Families[i].Name == name {
			return &t.Families[i]
		}
	}
	return nil
}

func contains(model string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(model, p) {
			return true
		}
	}
	return false
}
