package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// symptomsConfig has a backend with a fallback, one that cannot be reached, and prices.
const symptomsConfig = `
bedrock_extproc:
  retry: {attempts: 1}
  prices: {models: {"us.amazon.*": {input: 1, output: 2}}}
providers:
  llm:
    default: main
    backends:
      main: {backend: a.BedrockConverseProvider, config: {region: us-east-1}}
      eu: {backend: a.BedrockConverseProvider, config: {region: eu-west-1, fallback: [main]}}
      gone: {backend: a.BedrockConverseProvider, config: {endpoint_url: "http://127.0.0.1:1"}}
`

// A symptom is a row of the page's table: what an operator sees, how it is reproduced, and
// where the page says to look.
type symptom struct {
	// name is the first cell of the row.
	name string
	// knobs are those of the fake Bedrock, and backend answers the call.
	knobs, backend string
	streamed       bool
	body           string // "" for a question
	leave          bool   // the client leaves after the first bytes
	before         func(t *testing.T, s *system)
	// raised are the metrics, as keys of a scrape, that the call raises by at least so much.
	raised map[string]float64
	// logged are members of the call's line in the log, as JSON; "" for any value.
	logged map[string]string
}

var symptoms = []symptom{
	{
		name: "Answers begin late", knobs: "delay=300ms", streamed: true,
		raised: map[string]float64{"gen_ai_server_time_to_first_token_seconds_sum": 0.3, "bedrock_extproc_overhead_seconds": 1, "bedrock_extproc_first_byte_seconds_sum": 0.3},
		logged: map[string]string{"bedrock_wait": "", "overhead": "", "first_token": ""},
	},
	{
		name: "Streams are slow", knobs: "pace=30ms&tokens=10", streamed: true,
		raised: map[string]float64{"gen_ai_server_time_per_output_token_seconds_sum": 0.01},
		logged: map[string]string{"first_token": "", "output_tokens": ""},
	},
	{
		name: "Clients get 429", knobs: "fault=throttling",
		raised: map[string]float64{`bedrock_extproc_attempts_total{error="bedrock_throttled"}`: 1, `gen_ai_client_operation_duration_seconds{error_type="ThrottlingException"}`: 1},
		logged: map[string]string{"aws_error": `"ThrottlingException"`, "failed_attempts": `["main ThrottlingException"]`},
	},
	{
		name: "Another region answers", knobs: "fault=throttling&region=eu-west-1", backend: "eu",
		raised: map[string]float64{`bedrock_extproc_fallbacks_total{from="eu"}`: 1, `bedrock_extproc_cool_downs_total{backend="eu"}`: 1, `bedrock_extproc_backend_resting_models{backend="eu"}`: 1},
		logged: map[string]string{"fallback_from": `"eu"`, "failed_attempts": `["eu ThrottlingException"]`},
	},
	{
		name: "Streams break off", knobs: "fault=cut&at=3", streamed: true,
		raised: map[string]float64{`bedrock_extproc_requests_total{error="stream_truncated"}`: 1, "bedrock_extproc_usage_unknown_total": 1},
		logged: map[string]string{"error": `"stream_truncated"`, "status": "200", "aws_request_id": ""},
	},
	{
		name: "Clients leave", knobs: "pace=50ms&tokens=100", streamed: true, leave: true,
		raised: map[string]float64{`bedrock_extproc_requests_total{status="499"}`: 1, "bedrock_extproc_usage_unknown_total": 1},
		logged: map[string]string{"client_gone": "true", "bytes_out": ""},
	},
	{
		name: "Bedrock cannot be reached", backend: "gone",
		raised: map[string]float64{`bedrock_extproc_requests_total{error="cannot_connect"}`: 1, `bedrock_extproc_attempts_total{backend="gone"}`: 1},
		logged: map[string]string{"class": `"refused"`, "error": `"cannot_connect"`},
	},
	{
		name:   "A model ignores a part of the request",
		body:   `{"model":"us.amazon.nova-lite-v1:0","colour":"red","messages":[{"role":"user","content":"hi"}]}`,
		raised: map[string]float64{`bedrock_extproc_warnings_total{code="unknown_field"}`: 1},
		logged: map[string]string{"warnings": `["unknown_field"]`},
	},
	{
		name: "Streams are silent", knobs: "pace=700ms&tokens=3", streamed: true,
		raised: map[string]float64{"bedrock_extproc_keep_alives_total": 1},
		logged: map[string]string{"keep_alives": ""},
	},
	{
		name:   "Costs rise",
		raised: map[string]float64{`bedrock_extproc_cost_micros_total{currency="USD"}`: 1, `bedrock_extproc_tokens_total{type="input"}`: 1},
		logged: map[string]string{"cost_micros": "", "input_tokens": "", "output_tokens": ""},
	},
	{ // the last one: its calls stay
		name: "Clients get 503, and Bedrock is not called", knobs: "delay=5s",
		before: func(t *testing.T, s *system) { s.occupy(t) },
		raised: map[string]float64{`bedrock_extproc_limit_refused_total{limit="calls"}`: 1, `bedrock_extproc_requests_total{error="overloaded"}`: 1},
		logged: map[string]string{"error": `"overloaded"`, "status": "503"},
	},
}

// occupy makes calls that take all places of -max-calls, and waits until they do.
func (s *system) occupy(t *testing.T) {
	t.Helper()
	for range 3 {
		go func() {
			_, body := gatewayRequest("us.amazon.nova-lite-v1:0#delay=3s", false)
			resp, err := http.Post(s.completions(), "application/json", strings.NewReader(body)) //nolint:noctx // ends with the sidecar
			if err == nil {
				resp.Body.Close()
			}
		}()
	}
	eventually(t, "the places are taken", func() bool { return s.sidecar.metric(t, "bedrock_extproc_calls_in_flight") == 3 })
}

// TestSymptoms reproduces each row of the table in docs/observability.md, and finds the
// cause where the row says.
func TestSymptoms(t *testing.T) {
	page, err := os.ReadFile("../../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := startObserved(t, symptomsConfig, nil, "-max-calls", "3", "-keep-alive", "500ms")
	client := newClient(false)
	for _, symptom := range symptoms {
		t.Run(symptom.name, func(t *testing.T) {
			row := rowOf(t, string(page), symptom.name)
			if symptom.before != nil {
				symptom.before(t, s)
			}
			before := s.scraped(t)
			id := strings.ReplaceAll(symptom.name, " ", "-")
			symptom.call(t, s, client, id)
			record := s.record(t, id)
			after := s.scraped(t)
			for key, least := range symptom.raised {
				if got := after[key] - before[key]; got < least {
					t.Errorf("%s is raised by %v, want %v", key, got, least)
				}
				name, _, _ := strings.Cut(strings.TrimSuffix(key, "_sum"), "{")
				if !strings.Contains(row, name) {
					t.Errorf("the row does not name %s: %s", name, row)
				}
			}
			for name, want := range symptom.logged {
				if got, ok := record[name]; !ok || want != "" && string(got) != want {
					t.Errorf("%s is %s in the log, want %s", name, got, want)
				}
				if !strings.Contains(row, "`"+name+"`") {
					t.Errorf("the row does not name %s: %s", name, row)
				}
			}
		})
	}
}

func rowOf(t *testing.T, page, name string) string {
	t.Helper()
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "| "+name+" |") {
			return line
		}
	}
	t.Fatalf("docs/observability.md has no row %q", name)
	return ""
}

func (c *symptom) call(t *testing.T, s *system, client *http.Client, id string) {
	t.Helper()
	path, body := gatewayRequest("us.amazon.nova-lite-v1:0#"+c.knobs, c.streamed)
	if c.body != "" {
		body = c.body
	}
	headers := []string{"x-request-id", id}
	if c.backend != "" {
		headers = append(headers, "x-provider-llm", c.backend)
	}
	resp := post(t, client, s.url(path), strings.ReplaceAll(body, "#\"", "\""), headers...)
	defer resp.Body.Close()
	if c.leave {
		_, _ = resp.Body.Read(make([]byte, 1))
		return
	}
	_, _ = io.Copy(io.Discard, resp.Body)
}

// record is the line of a request in the log.
func (s *system) record(t *testing.T, id string) (record map[string]json.RawMessage) {
	t.Helper()
	eventually(t, "the log has a line of "+id, func() bool {
		for line := range strings.Lines(s.sidecar.logged()) {
			record = nil
			if json.Unmarshal([]byte(line), &record) == nil && string(record["msg"]) == `"request"` && string(record["request_id"]) == `"`+id+`"` {
				return true
			}
		}
		return false
	})
	return record
}

// A rejected configuration shows in a metric and on a page.
func TestSymptomOfARejectedConfiguration(t *testing.T) {
	s, _ := startObserved(t, symptomsConfig, nil)
	file := s.sidecar.cmd.Args[len(s.sidecar.cmd.Args)-1]
	if filepath.Ext(file) != ".yaml" {
		t.Fatalf("no configuration in %q", s.sidecar.cmd.Args)
	}
	if err := os.WriteFile(file, []byte("bedrock_extproc: {translation: strictly}"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the metric shows the rejected file", func() bool { return s.scraped(t)["bedrock_extproc_config_last_reload_success"] == 0 })
	var config struct {
		Problem string
		Config  struct{ Providers any }
	}
	if err := json.Unmarshal([]byte(fetchPage(t, s.sidecar.admin+"/debug/config")), &config); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(config.Problem, "bedrock_extproc.translation") || config.Config.Providers == nil {
		t.Errorf("%+v", config)
	}
	page, err := os.ReadFile("../../docs/observability.md")
	if err != nil {
		t.Fatal(err)
	}
	if row := rowOf(t, string(page), "A change of the configuration has no effect"); !strings.Contains(row, "bedrock_extproc_config_last_reload_success") || !strings.Contains(row, "/debug/config") {
		t.Error(row)
	}
}

// The level of the log changes while the sidecar runs.
func TestLogLevel(t *testing.T) {
	s := start(t, nil)
	count := func() int { return strings.Count(s.sidecar.logged(), `"path":"/healthz"`) }
	before := int(s.scraped(t)["bedrock_extproc_requests_total"])
	get(t, s.url("/healthz"))
	s.awaitRequests(t, before+1)
	if n := count(); n != 0 {
		t.Fatalf("%d lines of probes at the level info", n)
	}
	s.setLogLevel(t, "debug")
	get(t, s.url("/healthz"))
	eventually(t, "a line of a probe at the level debug", func() bool { return count() > 0 })
}

// Profiles are served only where the operator asks for them; see TestNothingLeaks.
func TestNoProfiles(t *testing.T) {
	s := start(t, nil)
	if status, _ := get(t, s.sidecar.admin+"/debug/pprof/"); status != http.StatusNotFound {
		t.Errorf("status %d", status)
	}
}

// setLogLevel changes the level of the sidecar's log.
func (s *system) setLogLevel(t testing.TB, level string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.sidecar.admin+"/debug/loglevel", strings.NewReader(`{"level":"`+level+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d", resp.StatusCode)
	}
}
