// Package envoygateway has examples/envoy-gateway translated by Envoy Gateway's own
// code, its command egctl, and runs a real Envoy on what comes out. It is a module
// of its own, so that Envoy Gateway's hundreds of dependencies stay out of the
// program's.
package envoygateway
