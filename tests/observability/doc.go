// Package observability tests examples/observability with Prometheus's own query engine
// and rules, on the metrics of a sidecar that has served calls. It is a separate module,
// so that bedrock-extproc does not depend on Prometheus.
package observability
