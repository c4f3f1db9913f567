// Package metrics names every metric of the sidecar, in one table. The packages that
// count take their collectors from it, and docs/metrics.md is written from it.
package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// A Metric is one row of the table. It is read-only.
type Metric struct {
	Name, Help string
	// Type is "counter", "gauge" or "histogram".
	Type   string
	Labels []Label
}

// A Label is a label of a metric and its possible values.
type Label struct{ Name, Values string }

var (
	api       = Label{"api", "the API that the client speaks, such as `gateway`; empty for requests that are no model calls"}
	streaming = Label{"streaming", "`true` for event streams, `false` for whole answers"}
	backend   = Label{"backend", "the configured name of the backend"}

	limitLabels = []Label{
		{"limit", "`calls`, `body_bytes`, `backend`, `caller` (the busiest one); see [limits](limits.md)"},
		{"backend", "the configured name of the backend, empty for the other limits"},
	}
)

// The metrics.
var (
	Requests = Metric{
		"bedrock_extproc_requests_total", "Requests answered, by HTTP status, kind of error, API and whether the answer was streamed.", "counter",
		[]Label{
			{"status", "the HTTP status; `499` when the client left, `0` when nothing was sent"},
			{"error", "a [kind of error](errors.md), empty for none"},
			api, streaming,
		},
	}
	CallDuration = Metric{
		"bedrock_extproc_call_duration_seconds", "Time from the first header to the last byte of a model call's answer.", "histogram", []Label{api, streaming},
	}
	FirstByte = Metric{
		"bedrock_extproc_first_byte_seconds", "Time from the first header to the first byte of a model call's answer.", "histogram", []Label{api, streaming},
	}
	Tokens = Metric{
		"bedrock_extproc_tokens_total", "Tokens that Bedrock reported, by backend and type.", "counter",
		[]Label{backend, {"type", "`input`, `output`, `cache_read`, `cache_write`"}},
	}
	CallsInFlight = Metric{"bedrock_extproc_calls_in_flight", "Model calls in flight, from their headers to the end of their answers.", "gauge", nil}
	LimitCurrent  = Metric{"bedrock_extproc_limit_current", "What calls hold of a limit at the moment: calls in flight, or bytes.", "gauge", limitLabels}
	LimitMax      = Metric{"bedrock_extproc_limit_max", "The limit itself. Absent if there is none.", "gauge", limitLabels}
	LimitRefused  = Metric{"bedrock_extproc_limit_refused_total", "Calls that got 503 because of a limit.", "counter", limitLabels}
	RestingModels = Metric{
		"bedrock_extproc_backend_resting_models", "Models for which a backend is cooling down, while its fallbacks serve them.", "gauge", []Label{backend},
	}
	CredentialsMissing = Metric{
		"bedrock_extproc_backend_credentials_missing", "1 if a backend could not get AWS credentials of its own when it last tried, otherwise 0.", "gauge", []Label{backend},
	}
	Reloads = Metric{
		"bedrock_extproc_config_reloads_total", "Reloads of the configuration, by result.", "counter", []Label{{"result", "`success`, `failure`"}},
	}
	LastReloadSuccess = Metric{
		"bedrock_extproc_config_last_reload_success", "1 if the latest configuration is in use, 0 if it was rejected.", "gauge", nil,
	}
	LogLinesDropped = Metric{
		"bedrock_extproc_log_lines_dropped_total", "Lines of the log that were dropped because their reader was gone or too slow.", "counter", nil,
	}
)

// All returns the table.
func All() []Metric {
	return []Metric{Requests, CallDuration, FirstByte, Tokens, CallsInFlight, LimitCurrent, LimitMax, LimitRefused, RestingModels, CredentialsMissing, Reloads, LastReloadSuccess, LogLinesDropped}
}

// Counter returns a new collector of a counter.
func (m Metric) Counter() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.Name, Help: m.Help}, m.labels())
}

// Histogram returns a new collector of a histogram of seconds, from 10 ms to 5 minutes.
func (m Metric) Histogram() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: m.Name, Help: m.Help, Buckets: prometheus.ExponentialBuckets(0.01, 2, 16),
	}, m.labels())
}

// Gauge returns a new collector of a gauge without labels.
func (m Metric) Gauge() prometheus.Gauge {
	return prometheus.NewGauge(prometheus.GaugeOpts{Name: m.Name, Help: m.Help})
}

// GaugeFunc returns a new collector of a gauge that is read at each scrape.
func (m Metric) GaugeFunc(read func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: m.Name, Help: m.Help}, read)
}

// CounterFunc returns a new collector of a counter that is read at each scrape.
func (m Metric) CounterFunc(read func() float64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: m.Name, Help: m.Help}, read)
}

// Desc is for collectors that make their values at each scrape.
func (m Metric) Desc() *prometheus.Desc { return prometheus.NewDesc(m.Name, m.Help, m.labels(), nil) }

func (m Metric) labels() []string {
	names := make([]string, len(m.Labels))
	for i, l := range m.Labels {
		names[i] = l.Name
	}
	return names
}
