package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/metrics"
)

var (
	limitCurrentDesc = metrics.LimitCurrent.Desc()
	limitMaxDesc     = metrics.LimitMax.Desc()
	limitRefusedDesc = metrics.LimitRefused.Desc()
)

// limits collects the metrics of limits.
type limits func() []extproc.LimitUse

// Describe implements prometheus.Collector.
func (limits) Describe(ch chan<- *prometheus.Desc) {
	ch <- limitCurrentDesc
	ch <- limitMaxDesc
	ch <- limitRefusedDesc
}

// Collect implements prometheus.Collector.
func (l limits) Collect(ch chan<- prometheus.Metric) {
	for _, u := range l() {
		ch <- prometheus.MustNewConstMetric(limitCurrentDesc, prometheus.GaugeValue, float64(u.Current), u.Limit, u.Backend)
		ch <- prometheus.MustNewConstMetric(limitRefusedDesc, prometheus.CounterValue, float64(u.Refused), u.Limit, u.Backend)
		if u.Max > 0 {
			ch <- prometheus.MustNewConstMetric(limitMaxDesc, prometheus.GaugeValue, float64(u.Max), u.Limit, u.Backend)
		}
	}
}
