package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	metricsv1 "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// A collector receives OTLP over HTTP, in memory.
type collector struct {
	url string

	mu      sync.Mutex
	raw     []byte // everything that was received
	spans   []*tracev1.Span
	metrics map[string]*metricsv1.Metric // the latest
}

func startCollector(t testing.TB) *collector {
	t.Helper()
	c := &collector{metrics: map[string]*metricsv1.Metric{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = c.add(r.URL.Path, body)
		}
		if err != nil {
			t.Error(err)
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *collector) add(path string, body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, body...)
	if path == "/v1/traces" {
		var msg collectortrace.ExportTraceServiceRequest
		if err := proto.Unmarshal(body, &msg); err != nil {
			return err
		}
		for _, r := range msg.GetResourceSpans() {
			for _, s := range r.GetScopeSpans() {
				c.spans = append(c.spans, s.GetSpans()...)
			}
		}
		return nil
	}
	var msg collectormetrics.ExportMetricsServiceRequest
	if err := proto.Unmarshal(body, &msg); err != nil {
		return err
	}
	for _, r := range msg.GetResourceMetrics() {
		for _, s := range r.GetScopeMetrics() {
			for _, m := range s.GetMetrics() {
				c.metrics[m.GetName()] = m
			}
		}
	}
	return nil
}

// sum adds up the points of a counter that have all these labels, in pairs of name and
// value, or the counts of a histogram.
func (c *collector) sum(name string, labels ...string) (sum float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.metrics[name].GetSum().GetDataPoints() {
		found := map[string]string{}
		for _, a := range p.GetAttributes() {
			found[a.GetKey()] = a.GetValue().GetStringValue()
		}
		if hasAll(found, labels) {
			sum += p.GetAsDouble()
		}
	}
	for _, p := range c.metrics[name].GetHistogram().GetDataPoints() {
		sum += float64(p.GetCount())
	}
	return sum
}

func hasAll(found map[string]string, labels []string) bool {
	for i := 0; i < len(labels); i += 2 {
		if found[labels[i]] != labels[i+1] {
			return false
		}
	}
	return true
}

// spansOf counts the spans of a kind.
func (c *collector) spansOf(kind tracev1.Span_SpanKind) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.GetKind() == kind {
			n++
		}
	}
	return n
}
