//go:build !race

package e2e

// buildFlags is empty without the race detector.
var buildFlags []string
