package telemetry_test

import (
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
	"bedrock-extproc/translator"
)

// call is a streamed model call that went well.
func call() extproc.Outcome {
	return extproc.Outcome{
		Duration: 3 * time.Second, FirstByte: time.Second,
		Method: "POST", Path: "/api/v1/llm/completions/stream", API: "gateway", Status: 200, Streaming: true, Model: "m",
		Facts:   translator.Facts{RequestID: "r-1", Backend: "us", Region: "us-east-1", AWSRequestID: "a-1", Attempts: 1},
		Summary: translator.Summary{StopReason: "end_turn", InputTokens: 11, OutputTokens: 22, CacheReadTokens: 3, UsageKnown: true},
	}
}

func newRecorder(t *testing.T) (*telemetry.Recorder, *prometheus.Registry, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	registry := prometheus.NewRegistry()
	r, err := telemetry.NewRecorder(zap.New(core), registry, func() int { return 7 })
	if err != nil {
		t.Fatal(err)
	}
	return r, registry, logs
}

func TestObserveCounts(t *testing.T) {
	r, registry, _ := newRecorder(t)
	r.Observe(call())
	gone := call()
	gone.ClientGone, gone.Summary = true, translator.Summary{}
	r.Observe(gone)
	r.Observe(extproc.Outcome{Method: "POST", Path: "/x", Status: 404, ErrorKind: translator.KindUnknownPath})

	want := `
# HELP bedrock_extproc_calls_in_flight Model calls in flight, from their headers to the end of their answers.
# TYPE bedrock_extproc_calls_in_flight gauge
bedrock_extproc_calls_in_flight 7
# HELP bedrock_extproc_requests_total Requests answered, by HTTP status, kind of error, API and whether the answer was streamed.
# TYPE bedrock_extproc_requests_total counter
bedrock_extproc_requests_total{api="gateway",error="",status="200",streaming="true"} 1
bedrock_extproc_requests_total{api="gateway",error="",status="499",streaming="true"} 1
bedrock_extproc_requests_total{api="",error="unknown_path",status="404",streaming="false"} 1
# HELP bedrock_extproc_tokens_total Tokens that Bedrock reported, by backend and type.
# TYPE bedrock_extproc_tokens_total counter
bedrock_extproc_tokens_total{backend="us",type="cache_read"} 3
bedrock_extproc_tokens_total{backend="us",type="cache_write"} 0
bedrock_extproc_tokens_total{backend="us",type="input"} 11
bedrock_extproc_tokens_total{backend="us",type="output"} 22
`
	names := []string{"bedrock_extproc_calls_in_flight", "bedrock_extproc_requests_total", "bedrock_extproc_tokens_total"}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
	if got := testutil.CollectAndCount(registry, "bedrock_extproc_call_duration_seconds"); got != 1 {
		t.Errorf("%d duration series, want 1: refusals are not calls", got)
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
			"duration": 3 * time.Second, "first_byte": time.Second, "bytes_in": int64(0), "bytes_out": int64(0),
			"api": "gateway", "model": "m", "streaming": true, "backend": "us", "region": "us-east-1", "aws_request_id": "a-1", "attempts": int64(1),
			"input_tokens": int64(11), "output_tokens": int64(22), "stop_reason": "end_turn",
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
	if _, err := telemetry.NewRecorder(zap.NewNop(), registry, func() int { return 0 }); err != nil {
		t.Fatal(err)
	}
	if _, err := telemetry.NewRecorder(zap.NewNop(), registry, func() int { return 0 }); err == nil {
		t.Error("registering twice is not an error")
	}
}
