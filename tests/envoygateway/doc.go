// Package envoygateway translates examples/envoy-gateway with Envoy Gateway's command
// egctl and runs a real Envoy with the result. It is a separate module, so that
// bedrock-extproc does not depend on Envoy Gateway's hundreds of modules. Its module path
// is below Envoy Gateway's, because it also renders the pods with internal packages.
package envoygateway
