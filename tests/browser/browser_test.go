//go:build browser

package browser

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// begin starts the example and a site whose pages may call.
func begin(t *testing.T) (*system, *site) {
	t.Helper()
	pages := newSite(t)
	s := start(t, pages.URL)
	pages.gateway = s.envoy.URL
	return s, pages
}

// A page of a listed origin reads a whole answer and the headers that are exposed. The
// preflight, one for both calls, is not a model call.
func TestWhole(t *testing.T) {
	s, pages := begin(t)
	var seen struct {
		Content string
		Status  int
		Headers map[string]string
	}
	pages.run(t, "whole", &seen)
	if seen.Status != http.StatusOK || !strings.Contains(seen.Content, "4") {
		t.Errorf("status %d, content %q", seen.Status, seen.Content)
	}
	for name, want := range map[string]string{
		"content-type": "application/json", "x-request-id": "from-a-page", "x-correlation-id": "from-a-page",
		"x-bedrock-backend": "default", "x-bedrock-region": "us-east-1", "x-bedrock-attempts": "1",
	} {
		if seen.Headers[name] != want {
			t.Errorf("%s: %q, want %q", name, seen.Headers[name], want)
		}
	}
	if seen.Headers["x-bedrock-request-id"] == "" {
		t.Error("the page cannot read x-bedrock-request-id")
	}
	calls, preflights := 0, 0
	for _, entry := range s.envoy.AccessLog(t, 3) {
		switch {
		case entry["method"] == http.MethodPost && entry["details"] == "bedrock_extproc_ok":
			calls++
		case entry["method"] == http.MethodOptions && entry["details"] == "cors_response" && entry["model"] == nil:
			preflights++
		default:
			t.Errorf("access log %v", entry)
		}
	}
	if calls != 2 || preflights != 1 || len(s.bedrock.Calls()) != 2 {
		t.Errorf("%d calls and %d preflights in the access log, %d calls at Bedrock", calls, preflights, len(s.bedrock.Calls()))
	}
}

// The page reads the first delta before Bedrock sends the second.
func TestStreamed(t *testing.T) {
	s, pages := begin(t)
	ended := make(chan struct{})
	defer func() { <-ended }()
	go func() {
		defer close(ended)
		if !s.release(2) { // messageStart and the first delta
			return
		}
		select {
		case <-pages.first:
			close(s.gate)
		case <-time.After(limit):
		}
	}()
	var seen struct {
		Text  string
		Types []string
	}
	pages.run(t, "streamed", &seen)
	if seen.Text != "one two three" || len(seen.Types) < 4 || seen.Types[0] != "content_delta" {
		t.Errorf("the page has seen %q in the events %q", seen.Text, seen.Types)
	}
}

// The page can read the status, the body and the headers of an error.
func TestFailed(t *testing.T) {
	_, pages := begin(t)
	var seen struct {
		Message, Type, RetryAfter, RequestID string
		Status                               int
		Retryable                            bool
	}
	pages.run(t, "failed", &seen)
	if seen.Status != http.StatusTooManyRequests || seen.Type != "bedrock_throttled" || !seen.Retryable ||
		seen.RetryAfter != "1" || seen.RequestID == "" || seen.Message == "" {
		t.Errorf("the page has seen %+v", seen)
	}
}

// Envoy, the sidecar and Bedrock notice that a page has aborted its call.
func TestAborted(t *testing.T) {
	s, pages := begin(t)
	var seen struct{ Name string }
	pages.run(t, "aborted", &seen)
	if seen.Name != "AbortError" {
		t.Errorf("the page has seen %q", seen.Name)
	}
	if c := s.ended(t); !c.Aborted {
		t.Errorf("Bedrock's call has not been aborted: %+v", c)
	}
	for _, entry := range s.envoy.AccessLog(t, 2) {
		if entry["method"] == http.MethodPost && (entry["flags"] != "DC" || entry["model"] == nil) {
			t.Errorf("access log %v", entry)
		}
	}
	s.awaitMetric(t, `bedrock_extproc_requests_total{api="gateway",error="",status="499",streaming="true",tenant=""} 1`)
}

// awaitMetric waits until the sidecar has a line among its metrics.
func (s *system) awaitMetric(t *testing.T, line string) {
	t.Helper()
	var text []byte
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get("http://" + s.admin + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		text, err = io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), line+"\n") {
			return
		}
	}
	t.Errorf("no %s in\n%s", line, text)
}

// A page of another origin fails, and its requests do not reach Bedrock, even those that
// need no preflight.
func TestRefused(t *testing.T) {
	s, pages := begin(t)
	others := newSite(t)
	others.gateway = pages.gateway
	seen := map[string]string{}
	others.run(t, "refused", &seen)
	want := map[string]string{"preflight": "TypeError", "simple": "TypeError", "opaque": "opaque 0"}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("the page has seen (-want +got):\n%s", diff)
	}
	for _, entry := range s.envoy.AccessLog(t, 3) {
		if entry["status"] != 403.0 {
			t.Errorf("access log %v", entry)
		}
	}
	if calls := s.bedrock.Calls(); len(calls) > 0 {
		t.Errorf("Bedrock got %d calls", len(calls))
	}
}

// The example's own page works.
func TestPage(t *testing.T) {
	_, pages := begin(t)
	var seen struct{ Text string }
	pages.run(t, "page", &seen)
	if !strings.Contains(seen.Text, "4") || strings.Contains(seen.Text, "[") {
		t.Errorf("the page shows %q", seen.Text)
	}
}
