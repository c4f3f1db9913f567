// Package kubernetes tests examples/kubernetes and examples/docker-compose without a
// cluster. It builds the overlays with Kustomize's own code, decodes every object
// strictly into the types of the Kubernetes API, checks that objects match each other,
// and runs the containers' commands as processes with the files of their volumes. It does
// the same with the Helm chart, which it renders with Helm's own code. Its rules for pods
// also check examples/istio and, as rendered by tests/envoygateway, examples/envoy-gateway.
//
// It is a separate module because of its dependencies. Set ENVOY_BIN and run
// "go test ./..." here. "-update" regenerates the Envoy configurations of both
// examples and the chart's copies of files.
package kubernetes
