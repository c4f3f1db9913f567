package answer

import "regexp"

var newClaude = regexp.MustCompile(`claude-(?:opus|sonnet|haiku|fable)-(?:4-[6-9]|[5-9])`)

// marksToolUse says whether models of the family write a type into a tool's call
// that no model of the API names.
func marksToolUse(modelID string) bool { return newClaude.MatchString(modelID) }
