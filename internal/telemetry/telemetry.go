// Package telemetry turns the record of each request into metrics, a log line and a
// trace, and keeps the latest records for the page /debug/calls. It is called after each
// answer, as extproc.Config.Observe, and sees no content. It also has the writer of the
// log, for which no call waits.
package telemetry

import (
	"context"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/metrics"
)

// A Recorder counts, logs, traces and keeps outcomes. It is safe for concurrent use.
type Recorder struct {
	log      *zap.Logger
	counters *counters
	tracer   trace.Tracer // nil for no traces
	recent   recent
	lines    sync.Pool // of *[maxFields]zap.Field
}

// A record is an outcome without its warnings, and what several observers need of it.
type record struct {
	extproc.Outcome

	// parent is the span that the request belongs to, invalid for none.
	parent trace.SpanContext
	// traceID is the trace that the call belongs to, "" for none.
	traceID string
	// warnings are the codes of the warnings, each once.
	warnings []string
}

func newRecord(ctx context.Context, o extproc.Outcome) *record {
	r := &record{Outcome: o, warnings: warningCodes(o.Summary.Warnings)}
	r.Summary.Warnings = nil // a record is kept, and their texts are long
	if r.parent = spanContext(ctx, &r.Outcome); r.parent.IsValid() {
		r.traceID = r.parent.TraceID().String()
	}
	return r
}

// NewRecorder registers the metrics with reg. tracer makes the spans; nil makes none.
func NewRecorder(log *zap.Logger, reg prometheus.Registerer, tracer trace.Tracer) (*Recorder, error) {
	c, err := newCounters(reg)
	if err != nil {
		return nil, err
	}
	return &Recorder{log: log, counters: c, tracer: tracer}, nil
}

// Observe records one outcome.
func (r *Recorder) Observe(outcome extproc.Outcome) {
	ctx := context.Background() // the call and its context are over
	o := newRecord(ctx, outcome)
	var exemplar prometheus.Labels
	if r.tracer != nil && notable(o) {
		exemplar = r.trace(ctx, o)
	}
	r.counters.count(o, exemplar)
	r.write(o)
	if notable(o) {
		r.recent.add(o)
	}
}

// status is the label of an outcome. As in other proxies, 499 means that the client
// left.
func status(o *record) string {
	if o.ClientGone {
		return "499"
	}
	return strconv.Itoa(o.Status)
}

// notable is true for model calls and errors. Pages are not: probes request them every
// few seconds.
func notable(o *record) bool { return o.API != "" || o.ErrorKind != "" }

// write logs notable outcomes at info level, others at debug level.
func (r *Recorder) write(o *record) {
	level := zapcore.InfoLevel
	if !notable(o) {
		level = zapcore.DebugLevel
	}
	entry := r.log.Check(level, "request")
	if entry == nil {
		return
	}
	list, ok := r.lines.Get().(*[maxFields]zap.Field)
	if !ok {
		list = &[maxFields]zap.Field{}
	}
	entry.Write(appendFields(list[:0], o)...)
	clear(list[:])
	r.lines.Put(list)
}

// A State is what a server holds at the moment, such as extproc.Server's.
type State interface {
	Limits() []extproc.LimitUse
	InFlight() int
	OpenStreams() int
}

// RegisterState registers the metrics of a state, which is read at each scrape.
func RegisterState(reg prometheus.Registerer, s State) error {
	for _, c := range []prometheus.Collector{
		limits(s.Limits),
		metrics.CallsInFlight.GaugeFunc(func() float64 { return float64(s.InFlight()) }),
		metrics.OpenStreams.GaugeFunc(func() float64 { return float64(s.OpenStreams()) }),
	} {
		if err := reg.Register(c); err != nil {
			return err
		}
	}
	return nil
}
