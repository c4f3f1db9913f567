package telemetry

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/metrics"
)

// maxAWSErrors bounds AWS's names of errors in labels. Bedrock and STS have about 30.
const maxAWSErrors = 64

// counters are the metrics that are counted from outcomes. They are safe for concurrent
// use.
type counters struct {
	requests, tokens, usageUnknown, attempts, fallbacks, coolDowns *prometheus.CounterVec
	keepAlives, requestBytes, responseBytes, warnings              *prometheus.CounterVec
	duration, firstByte, overhead                                  *prometheus.HistogramVec
	operation, tokenUsage, firstToken, perToken                    *prometheus.HistogramVec

	awsErrors boundedLabel
}

// newCounters registers the metrics with reg.
func newCounters(reg prometheus.Registerer) (*counters, error) {
	c := &counters{
		requests: metrics.Requests.Counter(), tokens: metrics.Tokens.Counter(), usageUnknown: metrics.UsageUnknown.Counter(),
		attempts: metrics.Attempts.Counter(), fallbacks: metrics.Fallbacks.Counter(), coolDowns: metrics.CoolDowns.Counter(),
		keepAlives: metrics.KeepAlives.Counter(), requestBytes: metrics.RequestBytes.Counter(), responseBytes: metrics.ResponseBytes.Counter(),
		warnings: metrics.Warnings.Counter(),
		duration: metrics.CallDuration.Histogram(), firstByte: metrics.FirstByte.Histogram(), overhead: metrics.Overhead.Histogram(),
		operation: metrics.OperationDuration.Histogram(), tokenUsage: metrics.TokenUsage.Histogram(),
		firstToken: metrics.TimeToFirstToken.Histogram(), perToken: metrics.TimePerOutputToken.Histogram(),
		awsErrors: boundedLabel{max: maxAWSErrors},
	}
	for _, collector := range []prometheus.Collector{
		c.requests, c.tokens, c.usageUnknown, c.attempts, c.fallbacks, c.coolDowns, c.keepAlives, c.requestBytes, c.responseBytes, c.warnings,
		c.duration, c.firstByte, c.overhead, c.operation, c.tokenUsage, c.firstToken, c.perToken,
	} {
		if err := reg.Register(collector); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// count counts one outcome. e is added to what histograms observe.
func (c *counters) count(o *extproc.Outcome, e prometheus.Labels) {
	streaming := strconv.FormatBool(o.Streaming)
	c.requests.WithLabelValues(status(o), string(o.ErrorKind), o.API, streaming).Inc()
	c.addBytes(o)
	for _, code := range warningCodes(o) {
		c.warnings.WithLabelValues(o.API, code).Inc()
	}
	c.countAttempts(o)
	if o.Model == "" {
		return
	}
	observe(c.duration.WithLabelValues(o.API, streaming), o.Duration.Seconds(), e)
	if o.FirstByte > 0 {
		observe(c.firstByte.WithLabelValues(o.API, streaming), o.FirstByte.Seconds(), e)
	}
	if d, known := o.Overhead(); known {
		observe(c.overhead.WithLabelValues(o.API, streaming), d.Seconds(), e)
	}
	if len(o.Facts.Trail) > 0 {
		c.countOperation(o, e)
		c.countTokens(o, e)
	}
}

func (c *counters) addBytes(o *extproc.Outcome) {
	if o.API == "" {
		return
	}
	c.requestBytes.WithLabelValues(o.API).Add(float64(o.BytesIn))
	c.responseBytes.WithLabelValues(o.API).Add(float64(o.BytesOut))
	if o.KeepAlives > 0 {
		c.keepAlives.WithLabelValues(o.API).Add(float64(o.KeepAlives))
	}
}

func (c *counters) countAttempts(o *extproc.Outcome) {
	for i := range o.Facts.Trail {
		a := &o.Facts.Trail[i]
		if a.Sent {
			c.attempts.WithLabelValues(a.Backend, string(a.ErrorKind)).Inc()
		}
		if a.CoolDown > 0 {
			c.coolDowns.WithLabelValues(a.Backend).Inc()
		}
	}
	if from := fallbackFrom(o); from != "" {
		c.fallbacks.WithLabelValues(from, o.Facts.Backend).Inc()
	}
}

// providerName is gen_ai.provider.name.
const providerName = "aws.bedrock"

// operationName is gen_ai.operation.name.
func operationName(o *extproc.Outcome) string {
	if o.CountTokens {
		return "count_tokens"
	}
	return "chat"
}

// countOperation observes the times of a call that reached Bedrock.
func (c *counters) countOperation(o *extproc.Outcome, e prometheus.Labels) {
	operation := operationName(o)
	observe(c.operation.WithLabelValues(operation, providerName, o.ModelLabel, o.Facts.Backend, c.errorType(o)), (o.Duration - o.Upload).Seconds(), e)
	if o.FirstToken > 0 {
		observe(c.firstToken.WithLabelValues(operation, providerName, o.ModelLabel, o.Facts.Backend), (o.FirstToken - o.Upload).Seconds(), e)
	}
	if d, known := timePerToken(o); known {
		observe(c.perToken.WithLabelValues(operation, providerName, o.ModelLabel, o.Facts.Backend), d.Seconds(), e)
	}
}

// timePerToken is the mean time of each output token after the first one.
func timePerToken(o *extproc.Outcome) (mean time.Duration, known bool) {
	if o.LastToken <= o.FirstToken || !o.Summary.UsageKnown || o.Summary.OutputTokens < 2 || o.ErrorKind != "" {
		return 0, false
	}
	return (o.LastToken - o.FirstToken) / time.Duration(o.Summary.OutputTokens-1), true
}

// errorType is error.type: the most precise name of the cause that has few values.
func (c *counters) errorType(o *extproc.Outcome) string {
	switch {
	case o.ClientGone:
		return "client_gone"
	case o.AWSError != "":
		return c.awsErrors.value(o.AWSError, string(o.ErrorKind))
	}
	return string(o.ErrorKind)
}

// countTokens counts the usage of a call that reached Bedrock.
func (c *counters) countTokens(o *extproc.Outcome, e prometheus.Labels) {
	u := &o.Summary
	backend, model := o.Facts.Backend, o.ModelLabel
	if !u.UsageKnown {
		if mayBeBilled(o) {
			c.usageUnknown.WithLabelValues(backend, model).Inc()
		}
		return
	}
	c.tokens.WithLabelValues(backend, model, "input").Add(float64(u.InputTokens))
	c.tokens.WithLabelValues(backend, model, "output").Add(float64(u.OutputTokens))
	c.tokens.WithLabelValues(backend, model, "cache_read").Add(float64(u.CacheReadTokens))
	c.tokens.WithLabelValues(backend, model, "cache_write").Add(float64(u.CacheWriteTokens))
	operation := operationName(o)
	observe(c.tokenUsage.WithLabelValues(operation, providerName, model, backend, "input"), float64(u.InputTokens+u.CacheReadTokens+u.CacheWriteTokens), e)
	observe(c.tokenUsage.WithLabelValues(operation, providerName, model, backend, "output"), float64(u.OutputTokens), e)
}

// mayBeBilled reports whether a model may have worked on a call without a known usage:
// an answer has begun, or the client left before it was known to fail.
func mayBeBilled(o *extproc.Outcome) bool {
	last := &o.Facts.Trail[len(o.Facts.Trail)-1]
	return !o.CountTokens && last.Sent && (last.ErrorKind == "" || o.ClientGone)
}

// observe observes a value, with an exemplar if there is one.
func observe(h prometheus.Observer, value float64, exemplar prometheus.Labels) {
	if with, ok := h.(prometheus.ExemplarObserver); ok && exemplar != nil {
		with.ObserveWithExemplar(value, exemplar)
		return
	}
	h.Observe(value)
}
