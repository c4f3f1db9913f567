package gateway

import "github.com/prometheus/client_golang/prometheus"

var restingDesc = prometheus.NewDesc("bedrock_extproc_backend_resting_models",
	"Models for which a backend has failed and is left to its fallbacks for a while, by backend.", []string{"backend"}, nil)

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
