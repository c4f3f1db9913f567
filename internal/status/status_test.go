package status_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"bedrock-extproc/internal/metrics"
	"bedrock-extproc/internal/status"
)

func get(h http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	return w
}

// Totals add up the series of each metric. Probes and pages are no calls.
func TestTotals(t *testing.T) {
	registry := prometheus.NewRegistry()
	requests, tokens, cost, warnings, coolDowns := metrics.Requests.Counter(), metrics.Tokens.Counter(), metrics.Cost.Counter(), metrics.Warnings.Counter(), metrics.CoolDowns.Counter()
	registry.MustRegister(requests, tokens, cost, warnings, coolDowns, metrics.LogLinesDropped.CounterFunc(func() float64 { return 7 }))
	requests.WithLabelValues("200", "", "openai", "true", "a").Add(2)
	requests.WithLabelValues("200", "", "gateway", "false", "b").Add(3)
	requests.WithLabelValues("429", "bedrock_throttled", "gateway", "false", "").Inc()
	requests.WithLabelValues("404", "unknown_path", "", "false", "").Inc()
	requests.WithLabelValues("200", "", "", "false", "").Add(100) // probes
	tokens.WithLabelValues("us", "m", "input", "a").Add(10)
	tokens.WithLabelValues("eu", "n", "input", "b").Add(5)
	cost.WithLabelValues("us", "m", "EUR", "").Add(365)
	warnings.WithLabelValues("gateway", "odd").Add(4)
	coolDowns.WithLabelValues("eu").Add(6)

	w := get(status.Handler(func() status.Status { return status.Status{Version: "v1"} }, registry))
	var got status.Status
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := status.Status{Version: "v1", Totals: status.Totals{
		Errors: map[string]float64{"": 5, "bedrock_throttled": 1, "unknown_path": 1},
		Tokens: map[string]float64{"input": 15}, CostMicros: map[string]float64{"EUR": 365},
		Warnings: map[string]float64{"odd": 4}, CoolDowns: map[string]float64{"eu": 6}, LogLinesDropped: 7,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The page needs nothing from outside, and never makes HTML of a text.
func TestPageIsSelfContained(t *testing.T) {
	w := get(status.Page())
	body := w.Body.String()
	for _, forbidden := range []string{"{{", "http://", "https://", " src=", "innerHTML", "outerHTML", "insertAdjacent", "document.write", " style=", " onclick"} {
		if strings.Contains(body, forbidden) {
			t.Errorf("the page has %q", forbidden)
		}
	}
	policy := w.Header().Get("Content-Security-Policy")
	want := regexp.MustCompile(`^default-src 'none'; script-src 'sha256-[^' ]+'; style-src 'sha256-[^' ]+'; connect-src 'self'; img-src data:; base-uri 'none'; ` +
		`form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'$`)
	if !want.MatchString(policy) {
		t.Errorf("Content-Security-Policy: %s", policy)
	}
}
