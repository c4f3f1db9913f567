package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"bedrock-extproc/internal/metrics"
)

var (
	restingDesc = metrics.RestingModels.Desc()
	missingDesc = metrics.CredentialsMissing.Desc()
)

// backendStates collects the metrics of the backends in use.
type backendStates struct{ reloader *Reloader }

// Describe implements prometheus.Collector.
func (backendStates) Describe(ch chan<- *prometheus.Desc) {
	ch <- restingDesc
	ch <- missingDesc
}

// Collect implements prometheus.Collector.
func (s backendStates) Collect(ch chan<- prometheus.Metric) {
	backends := s.reloader.Current().backends
	for backend, n := range backends.Resting() {
		ch <- prometheus.MustNewConstMetric(restingDesc, prometheus.GaugeValue, float64(n), backend)
	}
	for backend, missing := range backends.WithoutCredentials() {
		value := 0.0
		if missing {
			value = 1
		}
		ch <- prometheus.MustNewConstMetric(missingDesc, prometheus.GaugeValue, value, backend)
	}
}
