// Package family has the rules of model families as data: a dated table in
// families.yaml, which configuration can extend. The translator checks requests
// against these rules and names them in errors and warnings.
package family

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed families.yaml
var builtin []byte

// A Table is a set of families. It is read-only and safe for concurrent use.
type Table struct {
	// Version is the date on which the rules were last checked, such as 2026-07-03.
	Version string `yaml:"version"`
	// Families are in any order: the longest match decides.
	Families []Family `yaml:"families"`
}

// A Family is a set of models with the same rules. Where a rule is absent, Bedrock
// decides. The zero value is for unknown models.
type Family struct {
	// Name is how configuration and warnings refer to the family.
	Name string `yaml:"name"`
	// Match are parts of model ids, in lower case. A model id with any of them matches.
	Match []string `yaml:"match"`
	// Checked is the date of this family's rules, if it is not the table's.
	Checked string `yaml:"checked"`

	// FirstTurn is "user" where a conversation must start with a user message.
	FirstTurn Rule[string] `yaml:"first_turn"`
	// LastTurn is "user" where a conversation must end with a user message, and
	// "trimmed" where an assistant's last text cannot end with white space.
	LastTurn Rule[string] `yaml:"last_turn"`

	// ToolResultsAlone forbids every other block in a turn with tool results.
	ToolResultsAlone Rule[bool] `yaml:"tool_results_alone"`
	// NotInToolResults are the kinds of blocks that a tool result cannot contain, such
	// as "image", or one format of a kind, such as "document.pdf".
	NotInToolResults Rule[[]string] `yaml:"not_in_tool_results"`
	// ToolResultStatus is "refused" where a result cannot have a status.
	ToolResultStatus Rule[string] `yaml:"tool_result_status"`
	// ToolNameMarks are the characters that tool names may contain besides letters and
	// digits; nil is Bedrock's own "_-".
	ToolNameMarks Rule[*string] `yaml:"tool_name_marks"`
	// ToolUseIDLength is the exact length of tool call ids, which then have only letters
	// and digits; 0 is Bedrock's own rule.
	ToolUseIDLength Rule[int] `yaml:"tool_use_id_length"`

	// Strict limits tools with "strict": true.
	Strict Strict `yaml:"strict_tools"`

	// ReasoningText is "signed" where reasoning without a signature cannot be sent
	// back, and "refused" where only redacted reasoning can.
	ReasoningText Rule[string] `yaml:"reasoning_text"`
	// ThinkingForbids are the options that cannot be set while the model thinks:
	// forced_tool, temperature (other than 1), top_k.
	ThinkingForbids Rule[[]string] `yaml:"thinking_forbids"`
	// ThinkingBudget is "below_max_tokens" where the budget must be below max_tokens, and
	// "refused" where there can be none.
	ThinkingBudget Rule[string] `yaml:"thinking_budget"`

	// Effort is the form in which the model is told how much to think, in its own
	// request fields: "adaptive" is Claude's thinking with output_config.effort, "adaptive_high" the same up to high, "budget"
	// Claude's thinking with budget_tokens, "budget_and_effort" the same and, with its
	// beta, output_config.effort, "nova" is reasoningConfig, and
	// "reasoning_effort" and "reasoning_config" are the names of a field.
	Effort Rule[string] `yaml:"effort"`

	// MaxCachePoints is the maximum number of cache points in a request, 0 when unknown.
	MaxCachePoints Rule[int] `yaml:"max_cache_points"`
	// NoCachePoints are the positions where no cache point can be: tools,
	// after_tool_result, or anywhere.
	NoCachePoints Rule[[]string] `yaml:"no_cache_points"`
	// CacheHour is "refused" where a cache point cannot have the lifetime 1h.
	CacheHour Rule[string] `yaml:"cache_hour"`

	// Refused are the inference parameters that cannot have another value than their
	// default, which is 1: temperature, top_p.
	Refused Rule[[]string] `yaml:"refused"`
	// NotTogether are inference parameters that exclude each other: temperature, top_p.
	NotTogether Rule[[]string] `yaml:"not_together"`
	// TopK is the path of top_k in the additional model request fields; nil is [top_k].
	TopK Rule[[]string] `yaml:"top_k"`
	// BlankStopSequences is "refused" where a stop sequence cannot be white space only.
	BlankStopSequences Rule[string] `yaml:"blank_stop_sequences"`
}

// Strict are the limits on tools with "strict": true.
type Strict struct {
	// Tools is their maximum number in a request, 0 when unknown.
	Tools int `yaml:"tools"`
	// Optional is the maximum number of optional parameters of all of them together, 0
	// when unknown.
	Optional int `yaml:"optional"`
	// Refuses are the keywords that their schemas cannot use. "minItems" counts only
	// where it requires more than one item.
	Refuses []string `yaml:"refuses"`
	// Evidence is that of a Rule.
	Evidence string `yaml:"evidence"`
}

// A Rule is the value of one rule and its evidence. In YAML it is a mapping with is and
// evidence, or the value alone.
type Rule[T any] struct {
	Value T
	// Evidence says where and when Bedrock was seen to demand the rule. Every built-in
	// rule has it.
	Evidence string
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (r *Rule[T]) UnmarshalYAML(node *yaml.Node) error {
	*r = Rule[T]{}
	if node.Kind != yaml.MappingNode {
		return node.Decode(&r.Value)
	}
	for i := 0; i < len(node.Content); i += 2 {
		var err error
		switch key, value := node.Content[i], node.Content[i+1]; key.Value {
		case "is":
			err = value.Decode(&r.Value)
		case "evidence":
			err = value.Decode(&r.Evidence)
		default:
			err = &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: field %s not found in type family.Rule", key.Line, key.Value)}}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Rule names the family and the date of its rules, for a sentence about them.
func (f *Family) Rule() string { return fmt.Sprintf("%s models (rules of %s)", f.Name, f.Checked) }

// Builtin returns the table that is part of the program.
func Builtin() (*Table, error) { return Parse(builtin) }

// Parse reads a table in YAML. Unknown keys and values are errors, with a line for
// each; callers name the file.
func Parse(text []byte) (*Table, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	var t Table
	if err := dec.Decode(&t); err != nil {
		return nil, err
	}
	var problems []error
	for i := range t.Families {
		f := &t.Families[i]
		if f.Checked == "" {
			f.Checked = t.Version
		}
		for _, p := range f.check() {
			problems = append(problems, fmt.Errorf("line %d: family %d (%s): %s", lineOf(text, i, p.key), i+1, f.Name, p.text))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &t, nil
}

// lineOf is the line of a key of the i-th family, or of the family where it lacks the
// key.
func lineOf(text []byte, i int, key string) int {
	var doc struct {
		Families []yaml.Node `yaml:"families"`
	}
	if err := yaml.Unmarshal(text, &doc); err != nil || i >= len(doc.Families) {
		return 0 // the text was read before
	}
	node := &doc.Families[i]
	for k := 0; k+1 < len(node.Content); k += 2 {
		if node.Content[k].Value == key {
			return node.Content[k].Line
		}
	}
	return node.Line
}

// problem is what is wrong with a key of a family, or with the family for "".
type problem struct{ key, text string }

// check finds unknown values.
func (f *Family) check() []problem {
	var found []problem
	if f.Name == "" || f.Checked == "" {
		found = append(found, problem{"", "name, and checked or the table's version, are required"})
	}
	for _, rule := range []struct {
		key    string
		values []string
		known  string
	}{
		{"first_turn", []string{f.FirstTurn.Value}, "user"},
		{"last_turn", []string{f.LastTurn.Value}, "user trimmed"},
		{"tool_result_status", []string{f.ToolResultStatus.Value}, "refused"},
		{"reasoning_text", []string{f.ReasoningText.Value}, "signed refused"},
		{"thinking_forbids", f.ThinkingForbids.Value, "forced_tool temperature top_k"},
		{"thinking_budget", []string{f.ThinkingBudget.Value}, "below_max_tokens refused"},
		{"effort", []string{f.Effort.Value}, "adaptive adaptive_high budget budget_and_effort nova reasoning_effort reasoning_config"},
		{"no_cache_points", f.NoCachePoints.Value, "tools after_tool_result anywhere"},
		{"cache_hour", []string{f.CacheHour.Value}, "refused"},
		{"refused", f.Refused.Value, "temperature top_p"},
		{"not_together", f.NotTogether.Value, "temperature top_p"},
		{"blank_stop_sequences", []string{f.BlankStopSequences.Value}, "refused"},
	} {
		for _, v := range rule.values {
			if v != "" && !slices.Contains(strings.Fields(rule.known), v) {
				found = append(found, problem{rule.key, fmt.Sprintf("%s: %q is none of: %s", rule.key, v, rule.known)})
			}
		}
	}
	if len(f.TopK.Value) > 2 {
		found = append(found, problem{"top_k", "top_k: two names at most"})
	}
	return found
}

// Of returns the family of a model id, or nil where none matches, as for the ARN of an
// application inference profile.
func (t *Table) Of(model string) *Family {
	model = strings.ToLower(model)
	var best *Family
	longest := 0
	for i := range t.Families {
		for _, part := range t.Families[i].Match {
			if len(part) > longest && strings.Contains(model, part) {
				best, longest = &t.Families[i], len(part)
			}
		}
	}
	return best
}

// Named returns the family with that name, or nil.
func (t *Table) Named(name string) *Family {
	for i := range t.Families {
		if t.Families[i].Name == name {
			return &t.Families[i]
		}
	}
	return nil
}

// Over returns a table with the families of t and base. Where two have the same match
// or name, t's counts.
func (t *Table) Over(base *Table) *Table {
	return &Table{Version: t.Version, Families: slices.Concat(t.Families, base.Families)}
}
