package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"bedrock-extproc/internal/metrics"
)

var restingDesc = metrics.RestingModels.Desc()

// resting collects a metric of the backends in use.
type resting struct{ reloader *Reloader }

// Describe implements prometheus.Collector.
func (resting) Describe(ch chan<- *prometheus.Desc) { ch <- restingDesc }

// Collect implements prometheus.Collector.
func (r resting) Collect(ch chan<- prometheus.Metric) {
	for backend, n := range r.reloader.Current().backends.Resting() {
		ch <- prometheus.MustNewConstMetric(restingDesc, prometheus.GaugeValue, float64(n), backend)
	}
}
