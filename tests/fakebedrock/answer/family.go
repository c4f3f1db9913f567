package answer

import "regexp"

var newClaude = regexp.MustCompile(`claude-(?:opus|sonnet|haiku|fable)-(?:4-[6-9]|[5-9])`)

// marksToolUse reports whether the model sets type in toolUse blocks, which the API
// model does not define.
func marksToolUse(modelID string) bool { return newClaude.MatchString(modelID) }
