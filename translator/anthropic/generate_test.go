package anthropic

import "strings"

// leftToBedrock tells rules about what is passed on: what a family supports at
// all, where content blocks may stand, whether bytes are the image they claim to be, and
// what is not known of a family.
func leftToBedrock(rule, model string) bool {
	switch rule {
	case "tool support", "tool choice support", "system support", "cache support", "token cap", "misplaced blocks", "image type", "media support":
		return true
	case "first turn":
		return strings.Contains(model, "gpt-oss")
	}
	return false
}
