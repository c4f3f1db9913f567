//go:build race

package e2e

// buildFlags give the sidecar the race detector that the tests have.
var buildFlags = []string{"-race"}
