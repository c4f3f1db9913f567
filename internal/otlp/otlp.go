// Package otlp sends the sidecar's traces and metrics to an OpenTelemetry collector. The
// standard OTEL_* variables configure it; without an endpoint in them it is off. Metrics
// are those of the Prometheus registry, so that both say the same.
package otlp

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-logr/logr/funcr"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// scope is the instrumentation scope of all spans and metrics.
const scope = "bedrock-extproc"

// An Exporter sends spans and metrics in the background; no call waits for it. What does
// not fit into its queue is dropped.
type Exporter struct {
	traces  *sdktrace.TracerProvider // nil for none
	metrics *metric.MeterProvider    // nil for none
}

// New reads the variables OTEL_* by env, and the SDK reads its own from the environment.
// It makes no network call. metrics is read at each export. An error is about a variable.
func New(ctx context.Context, env func(string) (string, bool), version string, metrics prometheus.Gatherer) (*Exporter, error) {
	s := settings(env)
	traces, err := s.protocol("TRACES", "none")
	if err != nil {
		return nil, err
	}
	measures, err := s.protocol("METRICS", "none", "prometheus")
	if err != nil {
		return nil, err
	}
	e := &Exporter{}
	if traces == "" && measures == "" {
		return e, nil
	}
	about, err := describe(ctx, version)
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return e, errors.Join(e.startTraces(ctx, traces, about), e.startMetrics(ctx, measures, about, metrics))
}

// describe is the resource that all spans and metrics are about. The variables
// OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come first.
func describe(ctx context.Context, version string) (*resource.Resource, error) {
	return resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		attribute.String("service.name", "bedrock-extproc"), attribute.String("service.version", version),
		attribute.String("service.instance.id", uuid.NewString())), resource.WithFromEnv())
}

func (e *Exporter) startTraces(ctx context.Context, protocol string, about *resource.Resource) (err error) {
	var exporter sdktrace.SpanExporter
	switch protocol {
	case "":
		return nil
	case protocolGRPC:
		exporter, err = otlptracegrpc.New(ctx)
	default:
		exporter, err = otlptracehttp.New(ctx)
	}
	if err != nil {
		return fmt.Errorf("OTLP traces: %w", err)
	}
	e.traces = sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return nil
}

func (e *Exporter) startMetrics(ctx context.Context, protocol string, about *resource.Resource, from prometheus.Gatherer) (err error) {
	var exporter metric.Exporter
	switch protocol {
	case "":
		return nil
	case protocolGRPC:
		exporter, err = otlpmetricgrpc.New(ctx)
	default:
		exporter, err = otlpmetrichttp.New(ctx)
	}
	if err != nil {
		return fmt.Errorf("OTLP metrics: %w", err)
	}
	reader := metric.NewPeriodicReader(exporter, metric.WithProducer(newProducer(from)))
	e.metrics = metric.NewMeterProvider(metric.WithReader(reader), metric.WithResource(about))
	return nil
}

// LogTo makes the SDK of this process log to log: by default it writes to standard error
// and waits for its reader.
func LogTo(log *zap.Logger) {
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("OpenTelemetry", zap.Error(err)) }))
	otel.SetLogger(funcr.New(func(prefix, args string) {
		log.Warn("OpenTelemetry", zap.String("from", prefix), zap.String("message", args))
	}, funcr.Options{}))
}

// Tracer makes spans; it is nil if traces are off.
func (e *Exporter) Tracer() trace.Tracer {
	if e.traces == nil {
		return nil
	}
	return e.traces.Tracer(scope)
}

// On reports whether anything is sent.
func (e *Exporter) On() (traces, metrics bool) { return e.traces != nil, e.metrics != nil }

// Shutdown sends what is waiting, and the metrics once more, until ctx ends.
func (e *Exporter) Shutdown(ctx context.Context) error {
	var errs []error
	if e.traces != nil {
		errs = append(errs, e.traces.Shutdown(ctx))
	}
	if e.metrics != nil {
		errs = append(errs, e.metrics.Shutdown(ctx))
	}
	return errors.Join(errs...)
}
