package telemetry_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/telemetry"
	"bedrock-extproc/translator"
)

// span is what a test compares of a span.
type span struct {
	Name, Kind, Parent, Status string
	Start, End                 time.Duration // since the beginning of the call
	Attributes                 map[string]any
}

// traced observes outcomes and returns their spans, the trace ids in the log, and the
// exemplars in metrics.
func traced(t *testing.T, outcomes ...extproc.Outcome) (spans []span, ids, exemplars []string) {
	t.Helper()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	core, logs := observer.New(zapcore.InfoLevel)
	registry := prometheus.NewRegistry()
	r, err := telemetry.NewRecorder(zap.New(core), registry, provider.Tracer("test"))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		r.Observe(o)
	}
	names := map[trace.SpanID]string{}
	for _, s := range exporter.GetSpans() {
		names[s.SpanContext.SpanID()] = s.Name
	}
	start := call().Facts.Start
	for _, s := range exporter.GetSpans() {
		got := span{s.Name, s.SpanKind.String(), names[s.Parent.SpanID()], s.Status.Description, s.StartTime.Sub(start), s.EndTime.Sub(start), map[string]any{}}
		if s.Parent.IsRemote() {
			got.Parent = "remote " + s.Parent.SpanID().String()
		}
		for _, a := range s.Attributes {
			got.Attributes[string(a.Key)] = a.Value.AsInterface()
		}
		spans = append(spans, got)
	}
	for _, e := range logs.All() {
		id, _ := e.ContextMap()["trace_id"].(string)
		ids = append(ids, id)
	}
	return spans, ids, exemplarsOf(t, registry)
}

// exemplarsOf lists the trace ids in the exemplars of calls' durations.
func exemplarsOf(t *testing.T, registry *prometheus.Registry) (ids []string) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "bedrock_extproc_call_duration_seconds" {
			continue
		}
		for _, b := range f.GetMetric()[0].GetHistogram().GetBucket() {
			ids = append(ids, traceIDs(b.GetExemplar().GetLabel())...)
		}
	}
	return ids
}

func traceIDs(labels []*dto.LabelPair) (ids []string) {
	for _, l := range labels {
		if l.GetName() == "trace_id" {
			ids = append(ids, l.GetValue())
		}
	}
	return ids
}

const (
	traceID = "0af7651916cd43dd8448eb211c80319c"
	parent  = "00-" + traceID + "-b7ad6b7169203331-01"
)

// A call has a span of its own, and one for the translation and for each attempt. The
// trace is that of the request.
func TestTrace(t *testing.T) {
	o := call()
	o.TraceParent, o.Translation = parent, 10*time.Millisecond
	start := o.Facts.Start
	o.Facts.Trail[0].Start, o.Facts.Trail[0].Took, o.Facts.Trail[0].ModelID, o.Facts.Trail[0].Region = start.Add(210*time.Millisecond), 310*time.Millisecond, "eu.m", "eu-west-1"
	o.Facts.Trail[1].Start, o.Facts.Trail[1].Took, o.Facts.Trail[1].ModelID, o.Facts.Trail[1].Region = start.Add(570*time.Millisecond), 400*time.Millisecond, "us.m", "us-east-1"
	o.Facts.Trail[1].AWSRequestID = "a-1"
	spans, ids, exemplars := traced(t, o)
	ms := time.Millisecond
	want := []span{
		{"translate request", "internal", "gateway chat", "", 200 * ms, 210 * ms, map[string]any{}},
		{"chat eu.m", "client", "gateway chat", "ThrottlingException", 210 * ms, 520 * ms, map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.provider.name": "aws.bedrock", "gen_ai.request.model": "eu.m", "gen_ai.request.stream": true,
			"cloud.region": "eu-west-1", "bedrock_extproc.backend": "eu", "error.type": "ThrottlingException",
		}},
		{"chat us.m", "client", "gateway chat", "", 570 * ms, 3000 * ms, map[string]any{
			"gen_ai.operation.name": "chat", "gen_ai.provider.name": "aws.bedrock", "gen_ai.request.model": "us.m", "gen_ai.request.stream": true,
			"cloud.region": "us-east-1", "bedrock_extproc.backend": "us", "aws.request_id": "a-1",
			"gen_ai.response.time_to_first_chunk": 0.4, "gen_ai.response.finish_reasons": []string{"end_turn"},
			"gen_ai.usage.input_tokens": int64(14), "gen_ai.usage.output_tokens": int64(22),
			"gen_ai.usage.cache_read.input_tokens": int64(3), "gen_ai.usage.cache_creation.input_tokens": int64(0),
		}},
		{"gateway chat", "server", "remote b7ad6b7169203331", "", 0, 3000 * ms, map[string]any{
			"http.request.method": "POST", "url.path": "/api/v1/llm/completions/stream", "http.response.status_code": int64(200),
			"bedrock_extproc.request_id": "r-1", "bedrock_extproc.api": "gateway", "bedrock_extproc.model": "m", "bedrock_extproc.backend": "us",
			"bedrock_extproc.fallback_from": "eu", "bedrock_extproc.warnings": []string{"odd", "even"}, "bedrock_extproc.streaming": true,
			"bedrock_extproc.attempts": int64(2), "bedrock_extproc.overhead": 0.05,
		}},
	}
	if diff := cmp.Diff(want, spans); diff != "" {
		t.Error(diff)
	}
	page, err := os.ReadFile("../../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range spans {
		for name := range s.Attributes {
			if !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("docs/observability.md has no attribute %s", name)
			}
		}
	}
	if diff := cmp.Diff([]string{traceID}, ids); diff != "" {
		t.Errorf("in the log: %s", diff)
	}
	if diff := cmp.Diff([]string{traceID}, exemplars); diff != "" {
		t.Errorf("exemplars: %s", diff)
	}
}

// An error in a stream whose status is 200 is an error of its span and of the attempt.
func TestTraceOfAFailedStream(t *testing.T) {
	o := call()
	o.ErrorKind, o.AWSError, o.Facts.Trail = translator.KindModel, "ModelStreamErrorException", o.Facts.Trail[1:]
	spans, ids, _ := traced(t, o)
	if len(spans) != 2 || spans[0].Status != "ModelStreamErrorException" || spans[1].Status != "bedrock_model_error" || spans[1].Attributes["error.type"] != "ModelStreamErrorException" {
		t.Errorf("%+v", spans)
	}
	if len(ids) != 1 || len(ids[0]) != 32 {
		t.Errorf("a call without a trace begins one: %q", ids)
	}
}

// A trace that is not sampled has no spans and no exemplars, and its id is in the log. Pages
// have no spans.
func TestTraceIsNotSampled(t *testing.T) {
	o := call()
	o.TraceParent = parent[:len(parent)-1] + "0"
	spans, ids, exemplars := traced(t, o, extproc.Outcome{Path: "/readyz", Status: 200})
	if len(spans) != 0 || exemplars != nil {
		t.Errorf("spans %+v, exemplars %v", spans, exemplars)
	}
	if diff := cmp.Diff([]string{traceID}, ids); diff != "" {
		t.Error(diff)
	}
}

// Without a tracer the log has the trace of the request.
func TestTraceIDInTheLog(t *testing.T) {
	r, _, logs := newRecorder(t)
	o := call()
	o.TraceParent = parent
	r.Observe(o)
	if got := logs.All()[0].ContextMap()["trace_id"]; got != traceID {
		t.Errorf("trace_id %v", got)
	}
}
