package fakebedrock

import "strings"

// wholeInput reports whether the model sends a tool's input in one delta.
func wholeInput(modelID string) bool { return strings.Contains(modelID, "nova") }

// emptyFirst reports whether the model sends an empty fragment before a tool's input.
func emptyFirst(modelID string) bool { return strings.Contains(modelID, "claude") }
