//go:build race

package e2e

// buildFlags enable the race detector in the sidecar, too.
var buildFlags = []string{"-race"}
