package otlp_test

import (
	"context"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metricsv1 "go.opentelemetry.io/proto/otlp/metrics/v1"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/otlp"
	"bedrock-extproc/internal/telemetry"
	"bedrock-extproc/tests/worktest"
	"bedrock-extproc/translator"
)

// collector receives OTLP over HTTP.
type collector struct {
	t *testing.T

	mu      sync.Mutex
	spans   []string
	metrics map[string]*metricsv1.Metric
	about   map[string]string
}

func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch r.URL.Path {
	case "/v1/traces":
		var msg collectortrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &msg); err != nil {
			c.t.Error(err)
		}
		for _, s := range msg.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans() {
			c.spans = append(c.spans, s.GetName())
		}
	case "/v1/metrics":
		var msg collectormetrics.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &msg); err != nil {
			c.t.Error(err)
		}
		for _, a := range msg.GetResourceMetrics()[0].GetResource().GetAttributes() {
			c.about[a.GetKey()] = a.GetValue().GetStringValue()
		}
		for _, m := range msg.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics() {
			c.metrics[m.GetName()] = m
		}
	default:
		c.t.Errorf("path %s", r.URL.Path)
	}
}

// Spans and metrics reach the collector of OTEL_EXPORTER_OTLP_ENDPOINT, with the names of
// the conventions, and exemplars with their trace.
func TestExport(t *testing.T) {
	c := &collector{t: t, metrics: map[string]*metricsv1.Metric{}, about: map[string]string{}}
	server := httptest.NewServer(c)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "service.name=mine,team=a")
	registry := prometheus.NewRegistry()
	e, err := otlp.New(t.Context(), lookup(map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": server.URL}), "v9", registry)
	if err != nil {
		t.Fatal(err)
	}
	recorder, err := telemetry.NewRecorder(zap.NewNop(), registry, e.Tracer())
	if err != nil {
		t.Fatal(err)
	}
	const traceID = "0af7651916cd43dd8448eb211c80319c"
	recorder.Observe(extproc.Outcome{
		API: "gateway", Model: "m", ModelLabel: "other", Status: 200, Duration: 3 * time.Second, TraceParent: "00-" + traceID + "-b7ad6b7169203331-01",
		Facts:   translator.Facts{Start: time.Now(), Backend: "us", Asked: "us", Trail: []translator.Attempt{{Backend: "us", Sent: true}}},
		Summary: translator.Summary{UsageKnown: true, InputTokens: 5, OutputTokens: 7},
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := e.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"chat ", "gateway chat"}, c.spans); diff != "" {
		t.Error(diff)
	}
	if c.about["service.name"] != "mine" || c.about["team"] != "a" || c.about["service.version"] != "v9" || c.about["service.instance.id"] == "" {
		t.Errorf("resource %v", c.about)
	}
	tokens := c.metrics["bedrock_extproc_tokens_total"].GetSum()
	if !tokens.GetIsMonotonic() || len(tokens.GetDataPoints()) != 4 {
		t.Errorf("tokens %v", tokens)
	}
	m := c.metrics["gen_ai.client.operation.duration"]
	point := m.GetHistogram().GetDataPoints()[0]
	labels := map[string]string{}
	for _, a := range point.GetAttributes() {
		labels[a.GetKey()] = a.GetValue().GetStringValue()
	}
	want := map[string]string{"gen_ai.operation.name": "chat", "gen_ai.provider.name": "aws.bedrock", "gen_ai.request.model": "other", "backend": "us"}
	if diff := cmp.Diff(want, labels); diff != "" || m.GetUnit() != "s" || point.GetCount() != 1 || point.GetSum() != 3 {
		t.Errorf("unit %q, %v: %s", m.GetUnit(), point, diff)
	}
	if ex := point.GetExemplars(); len(ex) != 1 || hex.EncodeToString(ex[0].GetTraceId()) != traceID || len(ex[0].GetSpanId()) != 8 {
		t.Errorf("exemplars %v", ex)
	}
}

// A collector that does not answer costs no call any time, and a bounded amount of memory:
// spans that do not fit into the queue are dropped.
func TestHungCollector(t *testing.T) {
	const calls, most = 20_000, 64 << 20 // bytes; all spans would be 200 MB
	asked, release := make(chan struct{}), make(chan struct{})
	ask := sync.OnceFunc(func() { close(asked) })
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		ask()
		<-release
	}))
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", server.URL+"/v1/traces")
	registry := prometheus.NewRegistry()
	e, err := otlp.New(t.Context(), lookup(map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": server.URL}), "dev", registry)
	if err != nil {
		t.Fatal(err)
	}
	recorder, err := telemetry.NewRecorder(zap.NewNop(), registry, e.Tracer())
	if err != nil {
		t.Fatal(err)
	}
	idle := worktest.Heap()
	for range calls {
		recorder.Observe(extproc.Outcome{
			API: "gateway", Path: strings.Repeat("p", 2048), Model: strings.Repeat("m", 2048),
			Facts: translator.Facts{Start: time.Now(), Trail: []translator.Attempt{{ModelID: strings.Repeat("i", 2048)}}},
		})
	}
	<-asked
	if kept := worktest.Heap() - idle; kept > most {
		t.Errorf("%d MB are kept", kept>>20)
	}
	close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := e.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

func lookup(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
}

// The variables switch each signal on and off.
func TestVariables(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"
	for name, c := range map[string]struct {
		env             map[string]string
		traces, metrics bool
		err             string
	}{
		"nothing":            {nil, false, false, ""},
		"endpoint":           {map[string]string{endpoint: "http://127.0.0.1:1"}, true, true, ""},
		"grpc":               {map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, true, true, ""},
		"traces only":        {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1"}, true, false, ""},
		"no traces":          {map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"}, false, true, ""},
		"scraped":            {map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_METRICS_EXPORTER": "prometheus"}, true, false, ""},
		"default endpoint":   {map[string]string{"OTEL_METRICS_EXPORTER": "otlp"}, false, true, ""},
		"disabled":           {map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, false, false, ""},
		"unknown exporter":   {map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, false, false, `OTEL_TRACES_EXPORTER is "zipkin"; supported are otlp, none`},
		"unknown protocol":   {map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, false, false, `OTEL_EXPORTER_OTLP_PROTOCOL is "http/json"; supported are grpc and http/protobuf`},
		"protocol by metric": {map[string]string{endpoint: "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "x"}, false, false, "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := otlp.New(t.Context(), lookup(c.env), "dev", prometheus.NewRegistry())
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("%v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if traces, metrics := e.On(); traces != c.traces || metrics != c.metrics || (e.Tracer() != nil) != c.traces {
				t.Errorf("traces %t, metrics %t, tracer %v", traces, metrics, e.Tracer())
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_ = e.Shutdown(ctx) // nobody listens
		})
	}
}
