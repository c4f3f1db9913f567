// Package kubernetes holds the tests of examples/kubernetes and
// examples/docker-compose. They do what can be done without a cluster: build the
// overlays with Kustomize's own code, decode every object strictly into the types
// of the Kubernetes API, check what objects say of each other, and start the
// containers' commands as processes of this machine, with the files that their
// volumes would hold.
//
// It is a module of its own because of what it needs for that. Set ENVOY_BIN to an
// Envoy and run "go test ./..." here. "-update" writes the Envoy configurations of
// both examples.
package kubernetes
