// Package e2e has end-to-end tests: a client, a real Envoy, the bedrock-extproc binary,
// and the fake Bedrock.
package e2e

//go:generate go test . -run TestFaultsPage -update
