// Package e2e holds the tests of the whole way: a client, a real Envoy, the
// sidecar as the program that people run, and the stand-in for Bedrock.
package e2e
