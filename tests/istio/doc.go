// Package istio tests examples/istio: Istio's own code validates the files, its
// pilot makes listeners, routes and clusters of them, and Envoy runs on those with
// bedrock-extproc behind it.
//
// It is a module of its own, so that Istio stays out of bedrock-extproc's.
package istio
