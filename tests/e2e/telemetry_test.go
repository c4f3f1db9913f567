package e2e

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
)

// observedConfig has prices, and retries that do not wait.
const observedConfig = `
bedrock_extproc:
  retry: {attempts: 2, base_delay: 1ms}
  prices: {models: {fast: {input: 0.0031, output: 0.0153}}}
providers:
  llm:
    backend: a.BedrockConverseProvider
    config: {models: {fast: us.amazon.nova-lite-v1:0}}
`

// startObserved is start with a configuration and an OTLP collector.
func startObserved(t testing.TB, config string, script func(*fakebedrock.Request) fakebedrock.Behaviour, flags ...string) (*system, *collector) {
	t.Helper()
	s, c := &system{done: make(chan fakebedrock.Call, 10_000)}, startCollector(t)
	s.bedrock = fakebedrock.New(fakebedrock.Config{Script: script, KeepCalls: 10_000, OnDone: func(call fakebedrock.Call) { s.done <- call }})
	server := httptest.NewServer(s.bedrock)
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s.sidecar = newSidecar(t, server.URL, append([]string{"-config", file}, flags...)...)
	s.sidecar.cmd.Env = append(s.sidecar.cmd.Env, "OTEL_EXPORTER_OTLP_ENDPOINT="+c.url, "OTEL_BSP_MAX_QUEUE_SIZE=20000")
	s.sidecar.start(t)
	s.envoy = envoytest.Start(t, s.sidecar.socket, nil)
	return s, c
}

// A scrape has the metrics of /metrics at one time.
type scrape map[string]float64

// scraped reads /metrics. Keys are names, and names with one label: name{label="value"}.
// Values are sums over all other labels: of counters and gauges, and of how often histograms
// have observed something; name_sum is the sum of what they have observed.
func (s *system) scraped(t testing.TB) scrape {
	t.Helper()
	resp, err := http.Get(s.sidecar.admin + "/metrics") //nolint:noctx // on this machine
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	all := scrape{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			all[name] += value
			all[name+"_sum"] += m.GetHistogram().GetSampleSum()
			for _, l := range m.GetLabel() {
				all[fmt.Sprintf("%s{%s=%q}", name, l.GetName(), l.GetValue())] += value
			}
		}
	}
	return all
}

// awaitRequests waits until the sidecar has counted n requests.
func (s *system) awaitRequests(t testing.TB, n int) scrape {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		all := s.scraped(t)
		if got := int(all["bedrock_extproc_requests_total"]); got >= n {
			return all
		} else if time.Now().After(deadline) {
			t.Fatalf("%d requests are counted, want %d", got, n)
		}
	}
}

// mixed makes every tenth call fail in one of three ways: throttled for good, throttled
// once, and in the middle of the stream.
func mixed(r *fakebedrock.Request) fakebedrock.Behaviour {
	b := fakebedrock.Behaviour{Answer: fakebedrock.Answer{Tokens: 5 + len(r.Body)%7}}
	switch r.Asked.Text {
	case "throttled":
		e, _ := fakebedrock.NewException("ThrottlingException", "")
		b.Exception = e
	case "cut":
		b.Fault, b.After = fakebedrock.FaultCutFrame, 3
	}
	return b
}

// totals are what one observer has counted.
type totals struct {
	Attempts, FailedAttempts                int
	Input, Output, CacheRead, CacheWrite    int
	Micros                                  int
	Calls, Status200, Status429, WithErrors int
}

// TestTelemetryAgrees makes 1000 calls over all APIs: the stand-in, Prometheus, OTLP and
// the access log count the same calls, tokens, errors and costs.
func TestTelemetryAgrees(t *testing.T) {
	const calls = 1000
	s, c := startObserved(t, observedConfig, mixed)
	var group sync.WaitGroup
	work := make(chan int)
	for range 8 {
		group.Go(func() {
			client := newClient(false)
			for i := range work {
				s.askMixed(t, client, i)
			}
		})
	}
	for i := range calls {
		work <- i
	}
	close(work)
	group.Wait()
	prometheus := s.awaitRequests(t, calls)
	want := s.bedrockTotals(t)
	check := func(who string, got totals) {
		t.Helper()
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-stand-in +%s):\n%s", who, who, diff)
		}
	}
	check("Prometheus", prometheusTotals(prometheus))
	check("access log", s.accessLogTotals(t, calls))
	s.sidecar.signal(t, syscall.SIGTERM)
	<-s.sidecar.ended
	check("OTLP", c.totals())
	if got := c.spansOf(tracev1.Span_SPAN_KIND_CLIENT); got != want.Attempts {
		t.Errorf("%d spans of attempts, want %d", got, want.Attempts)
	}
	if got := c.spansOf(tracev1.Span_SPAN_KIND_SERVER); got != calls {
		t.Errorf("%d spans of calls, want %d", got, calls)
	}
	if want.FailedAttempts == 0 || want.WithErrors == 0 || want.Output == 0 || want.Micros == 0 {
		t.Errorf("the mix lacks something: %+v", want)
	}
}

// askMixed makes the i-th call.
func (s *system) askMixed(t *testing.T, client *http.Client, i int) {
	api, streamed, knobs := apis[i%len(apis)], i/len(apis)%2 == 1, ""
	switch {
	case i%10 == 3:
		knobs = "#text=throttled"
	case i%10 == 7 && streamed:
		knobs = "#text=cut"
	}
	path, body := api.request(cmp.Or(map[bool]string{true: "us.amazon.nova-lite-v1:0" + knobs}[knobs != ""], "fast"), streamed)
	resp := post(t, client, s.url(path), body)
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil && knobs == "" {
		t.Error(err)
	}
}

// bedrockTotals are the stand-in's counts. Calls and answers follow from its calls: those
// with the same invocation id are attempts at one call.
func (s *system) bedrockTotals(t *testing.T) (sum totals) {
	t.Helper()
	last := map[string]fakebedrock.Call{}
	for _, call := range s.bedrock.Calls() {
		sum.Attempts++
		u := call.Usage
		if u.InputTokens == 0 {
			sum.FailedAttempts++
		}
		sum.Input += u.InputTokens
		sum.Output += u.OutputTokens
		sum.CacheRead += u.CacheReadTokens
		sum.CacheWrite += u.CacheWriteTokens
		last[call.Header.Get("Amz-Sdk-Invocation-Id")] = call
	}
	for _, call := range last {
		sum.Calls++
		if call.Status == http.StatusOK {
			sum.Status200++
		} else {
			sum.Status429++
		}
		if u := call.Usage; u.InputTokens == 0 {
			sum.WithErrors++
		} else {
			sum.Micros += (u.InputTokens*31 + u.OutputTokens*153 + 5) / 10 // 3.1 and 15.3 micros a token
		}
	}
	return sum
}

func prometheusTotals(m scrape) totals {
	n := func(key string) int { return int(m[key]) }
	return totals{
		Attempts:       n("bedrock_extproc_attempts_total"),
		FailedAttempts: n("bedrock_extproc_attempts_total") - n(`bedrock_extproc_attempts_total{error=""}`),
		Input:          n(`bedrock_extproc_tokens_total{type="input"}`), Output: n(`bedrock_extproc_tokens_total{type="output"}`),
		CacheRead: n(`bedrock_extproc_tokens_total{type="cache_read"}`), CacheWrite: n(`bedrock_extproc_tokens_total{type="cache_write"}`),
		Micros: n("bedrock_extproc_cost_micros_total"), Calls: n("gen_ai_client_operation_duration_seconds"),
		Status200: n(`bedrock_extproc_requests_total{status="200"}`), Status429: n(`bedrock_extproc_requests_total{status="429"}`),
		WithErrors: n("bedrock_extproc_requests_total") - n(`bedrock_extproc_requests_total{error=""}`),
	}
}

func (c *collector) totals() totals {
	n := func(name string, labels ...string) int { return int(c.sum(name, labels...)) }
	return totals{
		Attempts:       n("bedrock_extproc_attempts_total"),
		FailedAttempts: n("bedrock_extproc_attempts_total") - n("bedrock_extproc_attempts_total", "error", ""),
		Input:          n("bedrock_extproc_tokens_total", "type", "input"), Output: n("bedrock_extproc_tokens_total", "type", "output"),
		CacheRead: n("bedrock_extproc_tokens_total", "type", "cache_read"), CacheWrite: n("bedrock_extproc_tokens_total", "type", "cache_write"),
		Micros: n("bedrock_extproc_cost_micros_total"), Calls: n("gen_ai.client.operation.duration"),
		Status200: n("bedrock_extproc_requests_total", "status", "200"), Status429: n("bedrock_extproc_requests_total", "status", "429"),
		WithErrors: n("bedrock_extproc_requests_total") - n("bedrock_extproc_requests_total", "error", ""),
	}
}

func (s *system) accessLogTotals(t *testing.T, calls int) (sum totals) {
	t.Helper()
	for _, entry := range s.envoy.AccessLog(t, calls) {
		n := func(name string) int { value, _ := entry[name].(float64); return int(value) }
		sum.Calls++
		sum.Attempts += n("attempts")
		sum.Input += n("input_tokens")
		sum.Output += n("output_tokens")
		sum.CacheRead += n("cache_read_tokens")
		sum.CacheWrite += n("cache_write_tokens")
		sum.Micros += n("cost_micros")
		failed := entry["error"] != nil
		if failed {
			sum.WithErrors++
		}
		sum.FailedAttempts += n("attempts")
		if !failed {
			sum.FailedAttempts--
		}
		if n("status") == http.StatusOK {
			sum.Status200++
		} else {
			sum.Status429++
		}
	}
	return sum
}
