package fakebedrock

import "strings"

// wholeInput says whether models of the family send a tool's input in one delta.
func wholeInput(modelID string) bool { return strings.Contains(modelID, "nova") }

// emptyFirst says whether they send an empty fragment before it.
func emptyFirst(modelID string) bool { return strings.Contains(modelID, "claude") }
