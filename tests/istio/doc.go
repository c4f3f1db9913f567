// Package istio tests examples/istio. Istio's own code validates the files, its pilot
// generates listeners, routes and clusters, and a real Envoy runs with them and calls
// bedrock-extproc.
//
// It is a separate module, so that bedrock-extproc does not depend on Istio.
package istio
