package otlp

import (
	"context"
	"encoding/hex"

	"github.com/prometheus/client_golang/prometheus"
	bridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"bedrock-extproc/internal/metrics"
)

// A producer reads Prometheus's metrics, and gives those that have one their name of the
// OpenTelemetry conventions.
type producer struct {
	metric.Producer

	names map[string]metrics.Metric // by their names in Prometheus
}

func newProducer(from prometheus.Gatherer) producer {
	p := producer{bridge.NewMetricProducer(bridge.WithGatherer(from)), map[string]metrics.Metric{}}
	for _, m := range metrics.All() {
		if m.OTLP != "" {
			p.names[m.Name] = m
		}
	}
	return p
}

// Produce implements [metric.Producer].
func (p producer) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	scopes, err := p.Producer.Produce(ctx)
	for i := range scopes {
		scopes[i].Scope.Name = scope
		for k := range scopes[i].Metrics {
			p.convert(&scopes[i].Metrics[k])
		}
	}
	return scopes, err
}

// convert renames a metric and its labels, and repairs the ids of its exemplars.
func (p producer) convert(m *metricdata.Metrics) {
	h, ok := m.Data.(metricdata.Histogram[float64])
	if !ok {
		return
	}
	row, renamed := p.names[m.Name]
	if renamed {
		m.Name, m.Unit = row.OTLP, row.Unit
	}
	for i := range h.DataPoints {
		point := &h.DataPoints[i]
		if renamed {
			point.Attributes = rename(point.Attributes)
		}
		for k := range point.Exemplars {
			e := &point.Exemplars[k]
			e.TraceID, e.SpanID = binaryID(e.TraceID), binaryID(e.SpanID)
		}
	}
}

// rename gives labels their names of the conventions. Empty values, which stand for a
// missing label in Prometheus, are left out.
func rename(labels attribute.Set) attribute.Set {
	var list []attribute.KeyValue
	for i := labels.Iter(); i.Next(); {
		kv := i.Attribute()
		if kv.Value.AsString() != "" {
			list = append(list, attribute.String(metrics.OTLPLabel(string(kv.Key)), kv.Value.AsString()))
		}
	}
	return attribute.NewSet(list...)
}

// binaryID decodes an id in hexadecimal, which is how the bridge passes those of exemplars
// on; OTLP wants 16 or 8 bytes.
func binaryID(id []byte) []byte {
	decoded, err := hex.DecodeString(string(id))
	if err != nil {
		return id
	}
	return decoded
}
