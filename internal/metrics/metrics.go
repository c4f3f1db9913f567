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
	// Buckets are those of a histogram; nil means from 10 ms to 5 minutes.
	Buckets []float64
	// OTLP is the name in OTLP where it differs, and Unit the unit there. Labels then have
	// their OTLPLabel.
	OTLP, Unit string
}

// OTLPLabel is the name of a label where Metric.OTLP names the metric.
func OTLPLabel(name string) string {
	switch name {
	case operation.Name:
		return "gen_ai.operation.name"
	case provider.Name:
		return "gen_ai.provider.name"
	case genModel.Name:
		return "gen_ai.request.model"
	case tokenType.Name:
		return "gen_ai.token.type"
	case errorType.Name:
		return "error.type"
	}
	return name
}

// A Label is a label of a metric and its possible values.
type Label struct{ Name, Values string }

var (
	api       = Label{"api", "the API that the client speaks, such as `gateway`; empty for requests that are not model calls"}
	streaming = Label{"streaming", "`true` for event streams, `false` for whole answers"}
	backend   = Label{"backend", "the configured name of the backend"}
	model     = Label{"model", "a model's name in the configuration, `other` for all other names"}
	tenant    = Label{"tenant", "the caller's `metrics_tenant`, `other` for all after the first 100; empty without that setting"}
	operation = Label{"gen_ai_operation_name", "`chat`, or `count_tokens`"}
	provider  = Label{"gen_ai_provider_name", "`aws.bedrock`"}
	genModel  = Label{"gen_ai_request_model", model.Values}
	tokenType = Label{"gen_ai_token_type", "`input`, `output`"}
	errorType = Label{"error_type", "AWS's name of the error, such as `ThrottlingException`, otherwise a [kind of error](errors.md); `client_gone`; empty for none"}

	limitLabels = []Label{
		{"limit", "`calls`, `body_bytes`, `backend`, `caller` (the busiest one); see [limits](limits.md)"},
		{"backend", "the configured name of the backend, empty for the other limits"},
	}
)

// The metrics.
var (
	Requests = Metric{
		Name: "bedrock_extproc_requests_total", Help: "Requests answered, by HTTP status, kind of error, API and whether the answer was streamed.", Type: "counter",
		Labels: []Label{
			{"status", "the HTTP status; `499` when the client left, `0` when nothing was sent"},
			{"error", "a [kind of error](errors.md), empty for none"},
			api, streaming, tenant,
		},
	}
	CallDuration = Metric{
		Name: "bedrock_extproc_call_duration_seconds", Help: "Time from the first header to the last byte of a model call's answer.", Type: "histogram", Labels: []Label{api, streaming},
	}
	FirstByte = Metric{
		Name: "bedrock_extproc_first_byte_seconds", Help: "Time from the first header to the first byte of a model call's answer.", Type: "histogram", Labels: []Label{api, streaming},
	}
	Tokens = Metric{
		Name: "bedrock_extproc_tokens_total", Help: "Tokens that Bedrock reported, by backend, model and type.", Type: "counter",
		Labels: []Label{backend, model, {"type", "`input`, `output`, `cache_read`, `cache_write`"}, tenant},
	}
	Cost = Metric{
		Name: "bedrock_extproc_cost_micros_total", Help: "Cost of calls in millionths of the currency's unit, by the configured prices.", Type: "counter",
		Labels: []Label{backend, model, {"currency", "that of the configuration"}, tenant},
	}
	UsageUnknown = Metric{
		Name: "bedrock_extproc_usage_unknown_total", Help: "Calls that Bedrock began to answer without token counts, because the client left, the stream failed or Bedrock sent none. They may be billed.", Type: "counter",
		Labels: []Label{backend, model},
	}
	Overhead = Metric{
		Name: "bedrock_extproc_overhead_seconds", Help: "Time that the sidecar itself added to a model call before the first byte of its answer: since the end of the request, without the time spent waiting for Bedrock.", Type: "histogram",
		Labels: []Label{api, streaming}, Buckets: prometheus.ExponentialBuckets(0.0001, 2, 14),
	}
	OpenStreams = Metric{Name: "bedrock_extproc_open_streams", Help: "Streams whose response headers were sent and that are not over.", Type: "gauge"}
	Attempts    = Metric{
		Name: "bedrock_extproc_attempts_total", Help: "Attempts to call Bedrock, by backend and kind of error.", Type: "counter",
		Labels: []Label{backend, {"error", "a [kind of error](errors.md), empty for none"}},
	}
	Fallbacks = Metric{
		Name: "bedrock_extproc_fallbacks_total", Help: "Calls that a fallback answered.", Type: "counter",
		Labels: []Label{{"from", "the backend that was to answer"}, {"to", "the backend that answered"}},
	}
	CoolDowns = Metric{
		Name: "bedrock_extproc_cool_downs_total", Help: "Cool-downs that began: times when calls of a model began to avoid a backend.", Type: "counter", Labels: []Label{backend},
	}
	KeepAlives = Metric{
		Name: "bedrock_extproc_keep_alives_total", Help: "Keep-alives sent on silent streams.", Type: "counter", Labels: []Label{api},
	}
	RequestBytes  = Metric{Name: "bedrock_extproc_request_bytes_total", Help: "Bytes of request bodies, as they arrived.", Type: "counter", Labels: []Label{api}}
	ResponseBytes = Metric{Name: "bedrock_extproc_response_bytes_total", Help: "Bytes of the bodies of answers.", Type: "counter", Labels: []Label{api}}
	Warnings      = Metric{
		Name: "bedrock_extproc_warnings_total", Help: "Warnings in answers, by code.", Type: "counter",
		Labels: []Label{api, {"code", "a [code](warnings.md)"}},
	}
	OperationDuration = Metric{
		Name: "gen_ai_client_operation_duration_seconds", OTLP: "gen_ai.client.operation.duration", Unit: "s", Type: "histogram",
		Help:    "Time of a model call from the end of the request's body to the end of the answer.",
		Labels:  []Label{operation, provider, genModel, backend, errorType},
		Buckets: secondsBuckets(),
	}
	TokenUsage = Metric{
		Name: "gen_ai_client_token_usage", OTLP: "gen_ai.client.token.usage", Unit: "{token}", Type: "histogram",
		Help:    "Tokens of a model call. Input includes the tokens of a prompt cache.",
		Labels:  []Label{operation, provider, genModel, backend, tokenType},
		Buckets: prometheus.ExponentialBuckets(1, 4, 14),
	}
	TimeToFirstToken = Metric{
		Name: "gen_ai_server_time_to_first_token_seconds", OTLP: "gen_ai.server.time_to_first_token", Unit: "s", Type: "histogram",
		Help:    "Time from the end of the request's body to the first piece of a stream's content.",
		Labels:  []Label{operation, provider, genModel, backend},
		Buckets: []float64{0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10},
	}
	TimePerOutputToken = Metric{
		Name: "gen_ai_server_time_per_output_token_seconds", OTLP: "gen_ai.server.time_per_output_token", Unit: "s", Type: "histogram",
		Help:    "Time of each output token after the first one, as the mean over a stream that ended well.",
		Labels:  []Label{operation, provider, genModel, backend},
		Buckets: []float64{0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5},
	}
	BuildInfo     = Metric{Name: "bedrock_extproc_build_info", Help: "1, with the version of the sidecar.", Type: "gauge", Labels: []Label{{"version", "as in `bedrock-extproc version`"}}}
	CallsInFlight = Metric{Name: "bedrock_extproc_calls_in_flight", Help: "Model calls in flight, from their headers to the end of their answers.", Type: "gauge"}
	LimitCurrent  = Metric{Name: "bedrock_extproc_limit_current", Help: "What calls hold of a limit at the moment: calls in flight, or bytes.", Type: "gauge", Labels: limitLabels}
	LimitMax      = Metric{Name: "bedrock_extproc_limit_max", Help: "The limit itself. Absent if there is none.", Type: "gauge", Labels: limitLabels}
	LimitRefused  = Metric{Name: "bedrock_extproc_limit_refused_total", Help: "Calls that got 503 because of a limit.", Type: "counter", Labels: limitLabels}
	RestingModels = Metric{
		Name: "bedrock_extproc_backend_resting_models", Help: "Models for which a backend is cooling down, while its fallbacks serve them.", Type: "gauge", Labels: []Label{backend},
	}
	CredentialsMissing = Metric{
		Name: "bedrock_extproc_backend_credentials_missing", Help: "1 if a backend could not get AWS credentials of its own when it last tried, otherwise 0.", Type: "gauge", Labels: []Label{backend},
	}
	Reloads = Metric{
		Name: "bedrock_extproc_config_reloads_total", Help: "Reloads of the configuration, by result.", Type: "counter", Labels: []Label{{"result", "`success`, `failure`"}},
	}
	LastReloadSuccess = Metric{
		Name: "bedrock_extproc_config_last_reload_success", Help: "1 if the latest configuration is in use, 0 if it was rejected.", Type: "gauge",
	}
	LogLinesDropped = Metric{
		Name: "bedrock_extproc_log_lines_dropped_total", Help: "Lines of the log that were dropped because their reader was gone or too slow.", Type: "counter",
	}
)

// All returns the table.
func All() []Metric {
	return []Metric{
		Requests, CallDuration, FirstByte, Overhead, OperationDuration, TimeToFirstToken, TimePerOutputToken,
		TokenUsage, Tokens, Cost, UsageUnknown, RequestBytes, ResponseBytes, Warnings, KeepAlives,
		CallsInFlight, OpenStreams, LimitCurrent, LimitMax, LimitRefused,
		Attempts, Fallbacks, CoolDowns, RestingModels, CredentialsMissing,
		Reloads, LastReloadSuccess, LogLinesDropped, BuildInfo,
	}
}

// secondsBuckets are those that the conventions for generative AI give for durations.
func secondsBuckets() []float64 { return prometheus.ExponentialBuckets(0.01, 2, 14) }

// Counter returns a new collector of a counter.
func (m Metric) Counter() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.Name, Help: m.Help}, m.labels())
}

// Histogram returns a new collector of a histogram.
func (m Metric) Histogram() *prometheus.HistogramVec {
	buckets := m.Buckets
	if buckets == nil {
		buckets = prometheus.ExponentialBuckets(0.01, 2, 16)
	}
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.Name, Help: m.Help, Buckets: buckets}, m.labels())
}

// GaugeVec returns a new collector of a gauge with labels.
func (m Metric) GaugeVec() *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: m.Name, Help: m.Help}, m.labels())
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
