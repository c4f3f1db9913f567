package telemetry_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"bedrock-extproc/extproc"
	"bedrock-extproc/internal/telemetry"
	"bedrock-extproc/tests/worktest"
	"bedrock-extproc/translator"
)

// call is a streamed model call that a fallback answered.
func call() extproc.Outcome {
	start := time.Date(2026, 11, 26, 14, 0, 0, 0, time.UTC)
	return extproc.Outcome{
		Duration: 3 * time.Second, Upload: 200 * time.Millisecond, FirstByte: time.Second, FirstToken: 1200 * time.Millisecond, LastToken: 2250 * time.Millisecond,
		Method: "POST", Path: "/api/v1/llm/completions/stream", API: "gateway", Status: 200, Streaming: true, Model: "m", ModelLabel: "m",
		Facts: translator.Facts{
			Start: start, RequestID: "r-1", Backend: "us", Asked: "eu", Region: "us-east-1", ModelID: "us.m", AWSRequestID: "a-1", Attempts: 2,
			Price: translator.Price{Currency: "EUR", Input: 3_000_000, Output: 15_000_000, CacheRead: 700_000},
			Trail: []translator.Attempt{
				{Backend: "eu", Sent: true, Wait: 300 * time.Millisecond, Pause: 50 * time.Millisecond, ErrorKind: translator.KindThrottled, AWSError: "ThrottlingException", CoolDown: time.Second},
				{Backend: "us", Sent: true, Wait: 400 * time.Millisecond},
			},
		},
		Summary: translator.Summary{
			StopReason: "end_turn", InputTokens: 11, OutputTokens: 22, CacheReadTokens: 3, UsageKnown: true,
			Warnings: []translator.Warning{{Code: "odd"}, {Code: "odd"}, {Code: "even"}},
		},
		BytesIn: 100, BytesOut: 1000, KeepAlives: 2, Tenant: "search",
	}
}

func newRecorder(t *testing.T) (*telemetry.Recorder, *prometheus.Registry, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	registry := prometheus.NewRegistry()
	r, err := telemetry.NewRecorder(zap.New(core), registry, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r, registry, logs
}

func TestObserveCounts(t *testing.T) {
	r, registry, _ := newRecorder(t)
	r.Observe(call())
	gone := call()
	gone.ClientGone, gone.Summary, gone.Facts.Trail = true, translator.Summary{}, gone.Facts.Trail[1:]
	r.Observe(gone)
	r.Observe(extproc.Outcome{Method: "POST", Path: "/x", Status: 404, ErrorKind: translator.KindUnknownPath})

	want := `
# HELP bedrock_extproc_attempts_total Attempts to call Bedrock, by backend and kind of error.
# TYPE bedrock_extproc_attempts_total counter
bedrock_extproc_attempts_total{backend="eu",error="bedrock_throttled"} 1
bedrock_extproc_attempts_total{backend="us",error=""} 2
# HELP bedrock_extproc_cool_downs_total Cool-downs that began: times when calls of a model began to avoid a backend.
# TYPE bedrock_extproc_cool_downs_total counter
bedrock_extproc_cool_downs_total{backend="eu"} 1
# HELP bedrock_extproc_cost_micros_total Cost of calls in millionths of the currency's unit, by the configured prices.
# TYPE bedrock_extproc_cost_micros_total counter
bedrock_extproc_cost_micros_total{backend="us",currency="EUR",model="m",tenant="search"} 365
# HELP bedrock_extproc_fallbacks_total Calls that a fallback answered.
# TYPE bedrock_extproc_fallbacks_total counter
bedrock_extproc_fallbacks_total{from="eu",to="us"} 2
# HELP bedrock_extproc_keep_alives_total Keep-alives sent on silent streams.
# TYPE bedrock_extproc_keep_alives_total counter
bedrock_extproc_keep_alives_total{api="gateway"} 4
# HELP bedrock_extproc_request_bytes_total Bytes of request bodies, as they arrived.
# TYPE bedrock_extproc_request_bytes_total counter
bedrock_extproc_request_bytes_total{api="gateway"} 200
# HELP bedrock_extproc_requests_total Requests answered, by HTTP status, kind of error, API and whether the answer was streamed.
# TYPE bedrock_extproc_requests_total counter
bedrock_extproc_requests_total{api="gateway",error="",status="200",streaming="true",tenant="search"} 1
bedrock_extproc_requests_total{api="gateway",error="",status="499",streaming="true",tenant="search"} 1
bedrock_extproc_requests_total{api="",error="unknown_path",status="404",streaming="false",tenant=""} 1
# HELP bedrock_extproc_response_bytes_total Bytes of the bodies of answers.
# TYPE bedrock_extproc_response_bytes_total counter
bedrock_extproc_response_bytes_total{api="gateway"} 2000
# HELP bedrock_extproc_tokens_total Tokens that Bedrock reported, by backend, model and type.
# TYPE bedrock_extproc_tokens_total counter
bedrock_extproc_tokens_total{backend="us",model="m",tenant="search",type="cache_read"} 3
bedrock_extproc_tokens_total{backend="us",model="m",tenant="search",type="cache_write"} 0
bedrock_extproc_tokens_total{backend="us",model="m",tenant="search",type="input"} 11
bedrock_extproc_tokens_total{backend="us",model="m",tenant="search",type="output"} 22
# HELP bedrock_extproc_usage_unknown_total Calls that Bedrock began to answer without token counts, because the client left, the stream failed or Bedrock sent none. They may be billed.
# TYPE bedrock_extproc_usage_unknown_total counter
bedrock_extproc_usage_unknown_total{backend="us",model="m"} 1
# HELP bedrock_extproc_warnings_total Warnings in answers, by code.
# TYPE bedrock_extproc_warnings_total counter
bedrock_extproc_warnings_total{api="gateway",code="even"} 1
bedrock_extproc_warnings_total{api="gateway",code="odd"} 1
`
	names := strings.Fields(`bedrock_extproc_attempts_total bedrock_extproc_cool_downs_total bedrock_extproc_cost_micros_total bedrock_extproc_fallbacks_total bedrock_extproc_keep_alives_total
		bedrock_extproc_request_bytes_total bedrock_extproc_requests_total bedrock_extproc_response_bytes_total bedrock_extproc_tokens_total
		bedrock_extproc_usage_unknown_total bedrock_extproc_warnings_total`)
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	sums := map[string]float64{
		"bedrock_extproc_call_duration_seconds": 6, "bedrock_extproc_first_byte_seconds": 2,
		"bedrock_extproc_overhead_seconds":         0.05 + 0.4, // 1 s without the upload, attempts and pause; without one attempt
		"gen_ai_client_operation_duration_seconds": 5.6, "gen_ai_server_time_to_first_token_seconds": 2,
		"gen_ai_server_time_per_output_token_seconds": 0.05, "gen_ai_client_token_usage": 36,
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		want, ok := sums[f.GetName()]
		if !ok {
			continue
		}
		got := 0.0
		for _, m := range f.GetMetric() {
			got += m.GetHistogram().GetSampleSum()
		}
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v seconds or tokens, want %v", f.GetName(), got, want)
		}
	}
}

// What AWS or an endpoint in its place calls an error makes a bounded number of series.
func TestErrorNamesAreBounded(t *testing.T) {
	r, registry, _ := newRecorder(t)
	for i := range 1000 {
		o := call()
		o.ErrorKind, o.AWSError = translator.KindBadAnswer, fmt.Sprintf("Error%d", i)
		r.Observe(o)
	}
	if n := testutil.CollectAndCount(registry, "gen_ai_client_operation_duration_seconds"); n != 65 {
		t.Errorf("%d series, want 64 names and one for the rest", n)
	}
}

func TestObserveLogsCallsAndFailuresOnly(t *testing.T) {
	r, _, logs := newRecorder(t)
	r.Observe(call())
	r.Observe(extproc.Outcome{Method: "GET", Path: "/readyz", Status: 200})
	r.Observe(extproc.Outcome{Method: "PUT", Path: "/x", Status: 404, ErrorKind: translator.KindUnknownPath})
	r.Observe(extproc.Outcome{Method: "POST", Path: "/y", Status: 503, ErrorKind: translator.KindConnection, ErrorClass: "dns"})

	var got []map[string]any
	for _, entry := range logs.All() {
		got = append(got, entry.ContextMap())
	}
	want := []map[string]any{
		{
			"request_id": "r-1", "method": "POST", "path": "/api/v1/llm/completions/stream", "status": int64(200),
			"duration": 3 * time.Second, "upload": 200 * time.Millisecond, "bedrock_wait": 750 * time.Millisecond, "overhead": 50 * time.Millisecond,
			"first_byte": time.Second, "first_token": 1200 * time.Millisecond, "bytes_in": int64(100), "bytes_out": int64(1000), "keep_alives": int64(2),
			"api": "gateway", "model": "m", "streaming": true, "backend": "us", "fallback_from": "eu", "region": "us-east-1", "model_id": "us.m",
			"aws_request_id": "a-1", "attempts": int64(2), "failed_attempts": []any{"eu ThrottlingException"},
			"input_tokens": int64(11), "output_tokens": int64(22), "cache_read_tokens": int64(3), "cache_write_tokens": int64(0), "stop_reason": "end_turn",
			"warnings": []any{"odd", "even"}, "cost_micros": int64(365), "tenant": "search",
		},
		{
			"request_id": "", "method": "PUT", "path": "/x", "status": int64(404), "error": "unknown_path",
			"duration": time.Duration(0), "bytes_in": int64(0), "bytes_out": int64(0),
		},
		{
			"request_id": "", "method": "POST", "path": "/y", "status": int64(503), "error": "cannot_connect", "class": "dns",
			"duration": time.Duration(0), "bytes_in": int64(0), "bytes_out": int64(0),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log entries (-want +got):\n%s", diff)
	}
}

func TestNewRecorderReportsATakenName(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := telemetry.NewRecorder(zap.NewNop(), registry, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := telemetry.NewRecorder(zap.NewNop(), registry, nil); err == nil {
		t.Error("registering twice is not an error")
	}
}

// Tenants make a bounded number of series.
func TestTenantsAreBounded(t *testing.T) {
	r, registry, _ := newRecorder(t)
	for i := range 1000 {
		o := call()
		o.Tenant = fmt.Sprint(i)
		r.Observe(o)
	}
	if n := testutil.CollectAndCount(registry, "bedrock_extproc_requests_total"); n != 101 {
		t.Errorf("%d series, want 100 tenants and one for the rest", n)
	}
}

// The page has open calls with their phase and age, and the latest calls first.
func TestCallsPage(t *testing.T) {
	r, _, _ := newRecorder(t)
	r.Observe(extproc.Outcome{Path: "/readyz", Status: 200})
	for i := range 300 {
		o := call()
		o.Facts.RequestID = fmt.Sprint(i)
		r.Observe(o)
	}
	open := extproc.OpenCall{Phase: extproc.PhaseWaiting, Outcome: extproc.Outcome{API: "openai", Model: "gpt", Facts: translator.Facts{RequestID: "open-1", Start: time.Now().Add(-time.Minute)}}}
	w := httptest.NewRecorder()
	r.CallsPage(func(limit int) ([]extproc.OpenCall, int) {
		if limit != 1000 {
			t.Errorf("%d open calls are asked for", limit)
		}
		return []extproc.OpenCall{open}, 5000
	}).ServeHTTP(w, httptest.NewRequest("GET", "/debug/calls", nil))
	var page struct {
		OpenTotal    int `json:"open_total"`
		Open, Recent []map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
		t.Fatal(err)
	}
	if page.OpenTotal != 5000 || len(page.Open) != 1 || page.Open[0]["phase"] != "waiting" || page.Open[0]["request_id"] != "open-1" || page.Open[0]["duration"].(float64) < 60_000 {
		t.Errorf("open calls: %d, %v", page.OpenTotal, page.Open)
	}
	if len(page.Recent) != 256 || page.Recent[0]["request_id"] != "299" || page.Recent[255]["request_id"] != "44" {
		t.Fatalf("%d recent calls", len(page.Recent))
	}
	if c := page.Recent[0]; c["start"] != "2026-11-26T14:00:00Z" || c["overhead"] != 50.0 || c["fallback_from"] != "eu" {
		t.Errorf("a recent call: %v", c)
	}
}

// Of recent calls, a bounded number is kept, and of their warnings the codes only.
func TestRecentCallsAreSmall(t *testing.T) {
	const most = 2 << 20 // bytes of all
	r, err := telemetry.NewRecorder(zap.NewNop(), prometheus.NewRegistry(), nil)
	if err != nil {
		t.Fatal(err)
	}
	idle := worktest.Heap()
	for range 1000 {
		o := call()
		for range 100 {
			o.Summary.Warnings = append(o.Summary.Warnings, translator.Warning{Code: "odd", Detail: strings.Repeat("x", 200)})
		}
		r.Observe(o)
	}
	if kept := worktest.Heap() - idle; kept > most {
		t.Errorf("%d KiB are kept", kept>>10)
	}
	runtime.KeepAlive(r)
}
