package ratelimit

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// reply is the relevant part of a response.
type reply struct {
	status    int
	kind      string // error type
	tokens    int
	micros    int // its cost
	remaining string
}

// ask makes a call as user and waits until Envoy has sent reports requests in total to
// the rate limit service.
func (s *system) ask(t *testing.T, user, path, body string, reports int) reply {
	t.Helper()
	r := s.post(t, s.client, path, body, "Authorization", "Bearer "+s.token(t, user))
	s.envoy.AwaitStat(t, "cluster.ratelimit.upstream_rq_completed", reports)
	return r
}

// post makes a call with headers, which are names and values in turn.
func (s *system) post(t *testing.T, client *http.Client, path, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, strings.Replace(s.envoy.URL, "http:", "https:", 1)+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := reply{status: resp.StatusCode, remaining: resp.Header.Get("X-Ratelimit-Remaining")}
	for line := range strings.Lines(string(text)) {
		var part struct {
			Usage struct {
				Total int `json:"total_tokens"`
			}
			Metadata struct{ Cost struct{ Micros int } }
			Error    struct{ Type string }
		}
		if json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &part) == nil {
			r.tokens += part.Usage.Total
			r.micros += part.Metadata.Cost.Micros
			r.kind += part.Error.Type
		}
	}
	return r
}

const (
	whole  = "/api/v1/llm/completions"
	stream = "/api/v1/llm/completions/stream"
	prompt = `{"messages":[{"role":"user","content":"What is 2+2?"}]}`
)

// TestBudget checks that a user gets answers until the tokens counted by Bedrock reach
// the budget, and then 429. Other users are not affected.
func TestBudget(t *testing.T) {
	s := start(t, "requests_per_unit: 1000000", "requests_per_unit: 300", "requests_per_unit: 100000", "requests_per_unit: 100")
	reports, spent := 0, 0
	for i := 0; spent <= 100; i++ {
		path := []string{whole, stream}[i%2]
		reports += 2 // before and after
		r := s.ask(t, "bob", path, prompt, reports)
		if r.status != http.StatusOK || r.tokens == 0 {
			t.Fatalf("call %d, after %d tokens: %+v", i, spent, r)
		}
		if i == 0 && r.remaining != "100" {
			t.Errorf("%s tokens remain before the first call", r.remaining)
		}
		spent += r.tokens
	}
	for _, path := range []string{whole, stream} {
		reports++
		if r := s.ask(t, "bob", path, prompt, reports); r.status != http.StatusTooManyRequests || r.kind != "envoy_rate_limited" {
			t.Errorf("after %d tokens: %+v", spent, r)
		}
	}
	for _, user := range []string{"ann", "eve"} { // ann has her own budget
		reports += 2
		if r := s.ask(t, user, whole, prompt, reports); r.status != http.StatusOK {
			t.Errorf("%s: %+v", user, r)
		}
	}
	var limited, sum float64
	for _, entry := range s.envoy.AccessLog(t, reports/2) {
		if entry["details"] == "request_rate_limited" && entry["subject"] == "bob" && entry["status"] == 429.0 {
			limited++
		}
		if tokens, ok := entry["total_tokens"].(float64); ok && entry["subject"] == "bob" {
			sum += tokens
		}
	}
	if limited != 2 || int(sum) != spent {
		t.Errorf("the access log has %v rejections and %v tokens, not 2 and %d", limited, sum, spent)
	}
}

// TestMoney checks that a user gets answers until their cost reaches the budget.
func TestMoney(t *testing.T) {
	s := start(t, "requests_per_unit: 5000000", "requests_per_unit: 10")
	reports, spent := 0, 0
	for spent <= 10 {
		reports += 2
		r := s.ask(t, "bob", whole, prompt, reports)
		if r.status != http.StatusOK || r.micros == 0 || reports > 40 {
			t.Fatalf("after %d micros: %+v", spent, r)
		}
		spent += r.micros
	}
	reports++
	if r := s.ask(t, "bob", stream, prompt, reports); r.status != http.StatusTooManyRequests || r.kind != "envoy_rate_limited" {
		t.Errorf("after %d micros: %+v", spent, r)
	}
	var sum float64
	for _, entry := range s.envoy.AccessLog(t, (reports+1)/2) {
		if micros, ok := entry["cost_micros"].(float64); ok {
			sum += micros
		}
	}
	if int(sum) != spent {
		t.Errorf("the access log has %v micros, not %d", sum, spent)
	}
}

// TestFailuresCostNothing checks that calls that Bedrock rejects are not charged.
func TestFailuresCostNothing(t *testing.T) {
	s := start(t, "requests_per_unit: 1000000", "requests_per_unit: 300", "requests_per_unit: 100000", "requests_per_unit: 100")
	const throttled = `{"messages":[{"role":"user","content":"hi"}],"request_metadata":{"fake.fault":"throttle"}}`
	if r := s.ask(t, "bob", whole, throttled, 1); r.status != http.StatusTooManyRequests || r.kind != "bedrock_throttled" {
		t.Fatalf("got %+v, want 429 bedrock_throttled", r)
	}
	if r := s.ask(t, "bob", whole, prompt, 3); r.status != http.StatusOK || r.remaining != "100" {
		t.Errorf("got %+v, want 200 with 100 tokens remaining", r)
	}
}
