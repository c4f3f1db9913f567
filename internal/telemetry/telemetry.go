// Package telemetry turns the record of each request into a log line and metrics. It
// is called after each answer, as extproc.Config.Observe, and sees no content. It also
// has the writer of the log, for which no call waits.
package telemetry

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/metrics"
)

// A Recorder counts and logs outcomes. It is safe for concurrent use.
type Recorder struct {
	log       *zap.Logger
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	firstByte *prometheus.HistogramVec
	tokens    *prometheus.CounterVec
}

// NewRecorder registers the metrics with reg. inFlight is read at each scrape.
func NewRecorder(log *zap.Logger, reg prometheus.Registerer, inFlight func() int) (*Recorder, error) {
	r := &Recorder{
		log:      log,
		requests: metrics.Requests.Counter(), duration: metrics.CallDuration.Histogram(),
		firstByte: metrics.FirstByte.Histogram(), tokens: metrics.Tokens.Counter(),
	}
	gauge := metrics.CallsInFlight.GaugeFunc(func() float64 { return float64(inFlight()) })
	for _, c := range []prometheus.Collector{r.requests, r.duration, r.firstByte, r.tokens, gauge} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Observe records one outcome.
func (r *Recorder) Observe(o extproc.Outcome) {
	streaming := strconv.FormatBool(o.Streaming)
	r.requests.WithLabelValues(status(&o), string(o.ErrorKind), o.API, streaming).Inc()
	if o.Model != "" {
		r.duration.WithLabelValues(o.API, streaming).Observe(o.Duration.Seconds())
		if o.FirstByte > 0 {
			r.firstByte.WithLabelValues(o.API, streaming).Observe(o.FirstByte.Seconds())
		}
	}
	if u := o.Summary; u.UsageKnown {
		r.tokens.WithLabelValues(o.Facts.Backend, "input").Add(float64(u.InputTokens))
		r.tokens.WithLabelValues(o.Facts.Backend, "output").Add(float64(u.OutputTokens))
		r.tokens.WithLabelValues(o.Facts.Backend, "cache_read").Add(float64(u.CacheReadTokens))
		r.tokens.WithLabelValues(o.Facts.Backend, "cache_write").Add(float64(u.CacheWriteTokens))
	}
	r.write(&o)
}

// status is the label of an outcome. As in other proxies, 499 means that the client
// left.
func status(o *extproc.Outcome) string {
	if o.ClientGone {
		return "499"
	}
	return strconv.Itoa(o.Status)
}

// write logs model calls and errors at info level, and pages at debug level: probes
// request them every few seconds.
func (r *Recorder) write(o *extproc.Outcome) {
	level := zapcore.InfoLevel
	if o.Model == "" && o.ErrorKind == "" {
		level = zapcore.DebugLevel
	}
	entry := r.log.Check(level, "request")
	if entry == nil {
		return
	}
	entry.Write(fields(o)...)
}

func fields(o *extproc.Outcome) []zap.Field {
	list := []zap.Field{
		zap.String("request_id", o.Facts.RequestID),
		zap.String("method", o.Method), zap.String("path", o.Path),
		zap.Int("status", o.Status), zap.Duration("duration", o.Duration),
		zap.Int("bytes_in", o.BytesIn), zap.Int("bytes_out", o.BytesOut),
	}
	if o.ErrorKind != "" {
		list = append(list, zap.String("error", string(o.ErrorKind)))
	}
	if o.ErrorClass != "" {
		list = append(list, zap.String("class", o.ErrorClass))
	}
	if o.AWSError != "" {
		list = append(list, zap.String("aws_error", o.AWSError))
	}
	if o.ClientGone {
		list = append(list, zap.Bool("client_gone", true))
	}
	if o.Model == "" {
		return list
	}
	list = append(list,
		zap.String("api", o.API), zap.String("model", o.Model), zap.Bool("streaming", o.Streaming),
		zap.Duration("first_byte", o.FirstByte),
		zap.String("backend", o.Facts.Backend), zap.String("region", o.Facts.Region),
		zap.String("aws_request_id", o.Facts.AWSRequestID), zap.Int("attempts", o.Facts.Attempts),
	)
	if o.Summary.UsageKnown {
		list = append(list, zap.Int64("input_tokens", o.Summary.InputTokens), zap.Int64("output_tokens", o.Summary.OutputTokens))
	}
	if o.Summary.StopReason != "" {
		list = append(list, zap.String("stop_reason", o.Summary.StopReason))
	}
	return list
}
