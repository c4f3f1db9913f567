//go:build !race

package e2e

// buildFlags are none without the race detector.
var buildFlags []string
