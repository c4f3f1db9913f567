// Package telemetry turns the record of each request into metrics, a log line and a
// trace, and keeps the latest records for the page /debug/calls. It is called after each
// answer, as extproc.Config.Observe, and sees no content. It also has the writer of the
// log, for which no call waits.
package telemetry

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/metrics"
)

// A Recorder counts, logs and keeps outcomes. It is safe for concurrent use.
type Recorder struct {
	log      *zap.Logger
	counters *counters
	recent   recent
}

// NewRecorder registers the metrics with reg.
func NewRecorder(log *zap.Logger, reg prometheus.Registerer) (*Recorder, error) {
	c, err := newCounters(reg)
	if err != nil {
		return nil, err
	}
	return &Recorder{log: log, counters: c}, nil
}

// Observe records one outcome.
func (r *Recorder) Observe(o extproc.Outcome) {
	r.counters.count(&o, nil)
	r.write(&o)
	if notable(&o) {
		r.recent.add(&o)
	}
}

// status is the label of an outcome. As in other proxies, 499 means that the client
// left.
func status(o *extproc.Outcome) string {
	if o.ClientGone {
		return "499"
	}
	return strconv.Itoa(o.Status)
}

// notable is true for model calls and errors. Pages are not: probes request them every
// few seconds.
func notable(o *extproc.Outcome) bool { return o.API != "" || o.ErrorKind != "" }

// write logs notable outcomes at info level, others at debug level.
func (r *Recorder) write(o *extproc.Outcome) {
	level := zapcore.InfoLevel
	if !notable(o) {
		level = zapcore.DebugLevel
	}
	if entry := r.log.Check(level, "request"); entry != nil {
		entry.Write(appendFields(make([]zap.Field, 0, maxFields), o)...)
	}
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
