package telemetry_test

import (
	"io"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"bedrock-extproc/internal/telemetry"
)

// BenchmarkObserve is what the record of a call costs: metrics and the latest calls alone,
// with the line in the log, and with a trace of four spans, too. Spans are exported in the
// background to an exporter that drops them.
func BenchmarkObserve(b *testing.B) {
	lines := telemetry.NewLogWriter(io.Discard)
	defer lines.Close()
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(tracetest.NewNoopExporter()))
	for name, c := range map[string]struct {
		log    *zap.Logger
		tracer trace.Tracer
	}{
		"metrics": {zap.NewNop(), nil},
		"log":     {lines.Logger(zap.InfoLevel), nil},
		"traces":  {lines.Logger(zap.InfoLevel), provider.Tracer("")},
	} {
		b.Run(name, func(b *testing.B) {
			r, err := telemetry.NewRecorder(c.log, prometheus.NewRegistry(), c.tracer)
			if err != nil {
				b.Fatal(err)
			}
			o := call()
			b.ReportAllocs()
			for b.Loop() {
				r.Observe(o)
			}
		})
	}
}
