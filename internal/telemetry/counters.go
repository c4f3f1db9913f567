package telemetry

import (
	"cmp"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"bedrock-extproc/internal/metrics"
	"bedrock-extproc/translator"
)

// maxAWSErrors bounds AWS's names of errors in labels. Bedrock and STS have about 30.
const maxAWSErrors = 64

// maxTenants bounds the tenants in labels.
const maxTenants = 100

// counters are the metrics that are counted from outcomes. They are safe for concurrent
// use.
type counters struct {
	requests, tokens, cost, usageUnknown, attempts, fallbacks, coolDowns *prometheus.CounterVec
	keepAlives, requestBytes, responseBytes, warnings                    *prometheus.CounterVec
	duration, firstByte, overhead                                        *prometheus.HistogramVec
	operation, tokenUsage, firstToken, perToken                          *prometheus.HistogramVec

	awsErrors, tenants boundedLabel
}

// newCounters registers the metrics with reg.
func newCounters(reg prometheus.Registerer) (*counters, error) {
	c := &counters{
		requests: metrics.Requests.Counter(), tokens: metrics.Tokens.Counter(), cost: metrics.Cost.Counter(), usageUnknown: metrics.UsageUnknown.Counter(),
		attempts: metrics.Attempts.Counter(), fallbacks: metrics.Fallbacks.Counter(), coolDowns: metrics.CoolDowns.Counter(),
		keepAlives: metrics.KeepAlives.Counter(), requestBytes: metrics.RequestBytes.Counter(), responseBytes: metrics.ResponseBytes.Counter(),
		warnings: metrics.Warnings.Counter(),
		duration: metrics.CallDuration.Histogram(), firstByte: metrics.FirstByte.Histogram(), overhead: metrics.Overhead.Histogram(),
		operation: metrics.OperationDuration.Histogram(), tokenUsage: metrics.TokenUsage.Histogram(),
		firstToken: metrics.TimeToFirstToken.Histogram(), perToken: metrics.TimePerOutputToken.Histogram(),
		awsErrors: boundedLabel{max: maxAWSErrors}, tenants: boundedLabel{max: maxTenants},
	}
	for _, collector := range []prometheus.Collector{
		c.requests, c.tokens, c.cost, c.usageUnknown, c.attempts, c.fallbacks, c.coolDowns, c.keepAlives, c.requestBytes, c.responseBytes, c.warnings,
		c.duration, c.firstByte, c.overhead, c.operation, c.tokenUsage, c.firstToken, c.perToken,
	} {
		if err := reg.Register(collector); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// count counts one outcome. e is the exemplar of its durations: of the call, of the
// operation and to the first token. An exemplar costs more than all counters together.
func (c *counters) count(o *record, e prometheus.Labels) {
	streaming := strconv.FormatBool(o.Streaming)
	c.requests.WithLabelValues(status(o), string(o.ErrorKind), o.API, streaming, c.tenant(o)).Inc()
	c.addBytes(o)
	for _, code := range o.warnings {
		c.warnings.WithLabelValues(o.API, code).Inc()
	}
	c.countAttempts(o)
	if o.Model == "" {
		return
	}
	observe(c.duration.WithLabelValues(o.API, streaming), o.Duration.Seconds(), e)
	if o.FirstByte > 0 {
		c.firstByte.WithLabelValues(o.API, streaming).Observe(o.FirstByte.Seconds())
	}
	if d, known := o.Overhead(); known {
		c.overhead.WithLabelValues(o.API, streaming).Observe(d.Seconds())
	}
	if len(o.Facts.Trail) > 0 {
		c.countOperation(o, e)
		c.countTokens(o)
	}
}

// tenant is the label of the tenant.
func (c *counters) tenant(o *record) string {
	if o.Tenant == "" {
		return ""
	}
	return c.tenants.value(o.Tenant, "other")
}

func (c *counters) addBytes(o *record) {
	if o.API == "" {
		return
	}
	c.requestBytes.WithLabelValues(o.API).Add(float64(o.BytesIn))
	c.responseBytes.WithLabelValues(o.API).Add(float64(o.BytesOut))
	if o.KeepAlives > 0 {
		c.keepAlives.WithLabelValues(o.API).Add(float64(o.KeepAlives))
	}
}

func (c *counters) countAttempts(o *record) {
	for i := range o.Facts.Trail {
		a := &o.Facts.Trail[i]
		if a.Sent {
			c.attempts.WithLabelValues(a.Backend, string(attemptKind(o, i))).Inc()
		}
		if a.CoolDown > 0 {
			c.coolDowns.WithLabelValues(a.Backend).Inc()
		}
	}
	if from := fallbackFrom(o); from != "" {
		c.fallbacks.WithLabelValues(from, o.Facts.Backend).Inc()
	}
}

// attemptKind is the kind of error of the i-th attempt, also of one whose answer failed
// after it had begun.
func attemptKind(o *record, i int) translator.Kind {
	if i == len(o.Facts.Trail)-1 && !o.ClientGone {
		return cmp.Or(o.Facts.Trail[i].ErrorKind, o.ErrorKind)
	}
	return o.Facts.Trail[i].ErrorKind
}

// providerName is gen_ai.provider.name.
const providerName = "aws.bedrock"

// operationName is gen_ai.operation.name.
func operationName(o *record) string {
	if o.CountTokens {
		return "count_tokens"
	}
	return "chat"
}

// countOperation observes the times of a call that reached Bedrock.
func (c *counters) countOperation(o *record, e prometheus.Labels) {
	operation := operationName(o)
	observe(c.operation.WithLabelValues(operation, providerName, o.ModelLabel, o.Facts.Backend, c.errorType(o)), (o.Duration - o.Upload).Seconds(), e)
	if o.FirstToken > 0 {
		observe(c.firstToken.WithLabelValues(operation, providerName, o.ModelLabel, o.Facts.Backend), (o.FirstToken - o.Upload).Seconds(), e)
	}
	if d, known := timePerToken(o); known {
		c.perToken.WithLabelValues(operation, providerName, o.ModelLabel, o.Facts.Backend).Observe(d.Seconds())
	}
}

// timePerToken is the mean time of each output token after the first one.
func timePerToken(o *record) (mean time.Duration, known bool) {
	if o.LastToken <= o.FirstToken || !o.Summary.UsageKnown || o.Summary.OutputTokens < 2 || o.ErrorKind != "" {
		return 0, false
	}
	return (o.LastToken - o.FirstToken) / time.Duration(o.Summary.OutputTokens-1), true
}

// errorType is error.type: errorName, with a bounded number of values.
func (c *counters) errorType(o *record) string {
	name := errorName(o)
	if name == "" || name != o.AWSError {
		return name
	}
	return c.awsErrors.value(o.AWSError, string(o.ErrorKind))
}

// errorName is the most precise name of why a call failed, "" if it did not.
func errorName(o *record) string {
	if o.ClientGone {
		return "client_gone"
	}
	return cmp.Or(o.AWSError, string(o.ErrorKind))
}

// attemptError is the most precise name of why an attempt failed, "" if it did not.
func attemptError(a *translator.Attempt) string {
	return cmp.Or(a.AWSError, a.ErrorClass, string(a.ErrorKind))
}

// countTokens counts the usage of a call that reached Bedrock.
func (c *counters) countTokens(o *record) {
	u := &o.Summary
	backend, model, tenant := o.Facts.Backend, o.ModelLabel, c.tenant(o)
	if !u.UsageKnown {
		if mayBeBilled(o) {
			c.usageUnknown.WithLabelValues(backend, model).Inc()
		}
		return
	}
	c.tokens.WithLabelValues(backend, model, "input", tenant).Add(float64(u.InputTokens))
	c.tokens.WithLabelValues(backend, model, "output", tenant).Add(float64(u.OutputTokens))
	c.tokens.WithLabelValues(backend, model, "cache_read", tenant).Add(float64(u.CacheReadTokens))
	c.tokens.WithLabelValues(backend, model, "cache_write", tenant).Add(float64(u.CacheWriteTokens))
	if micros, known := o.Facts.Price.Cost(*u); known {
		c.cost.WithLabelValues(backend, model, o.Facts.Price.Currency, tenant).Add(float64(micros))
	}
	operation := operationName(o)
	c.tokenUsage.WithLabelValues(operation, providerName, model, backend, "input").Observe(float64(u.InputTokens + u.CacheReadTokens + u.CacheWriteTokens))
	c.tokenUsage.WithLabelValues(operation, providerName, model, backend, "output").Observe(float64(u.OutputTokens))
}

// mayBeBilled reports whether a model may have worked on a call without a known usage:
// an answer has begun, or the client left before it was known to fail.
func mayBeBilled(o *record) bool {
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
