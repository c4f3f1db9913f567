package envoygateway

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	whole  = "/api/v1/llm/completions"
	stream = "/api/v1/llm/completions/stream"
)

var spoofed = []string{"X-User", "boss", "Sub", "boss", "Issuer", `{"sub":"boss"}`, "X-Jwt-Payload", `{"sub":"boss"}`}

// TestCalls checks that the gateway rejects unauthorized callers, and that others call
// with the identity in their token.
func TestCalls(t *testing.T) {
	s := start(t)
	for name, c := range map[string]struct {
		groups  string
		headers []string
		status  int
	}{
		"no token":      {"", spoofed, 401},
		"another group": {"users", spoofed, 403},
		"another host":  {"", []string{"Host", "other.example.com"}, 404},
	} {
		if resp, body := s.ask(t, whole, c.groups, c.headers...); resp.StatusCode != c.status {
			t.Errorf("%s: status %d: %s", name, resp.StatusCode, body)
		}
	}
	if n := len(s.bedrock.Calls()); n > 0 {
		t.Fatalf("Bedrock got %d calls", n)
	}
	for path, end := range map[string]string{whole: `"stop_reason":"end_turn"`, stream: `"type":"message_stop"`} {
		resp, body := s.ask(t, path, "users,llm", spoofed...)
		if resp.StatusCode != http.StatusOK || !strings.Contains(body, end) {
			t.Errorf("%s: status %d: %s", path, resp.StatusCode, body)
		}
	}
	for _, call := range s.bedrock.Calls() {
		var sent struct{ RequestMetadata map[string]string }
		if err := json.Unmarshal(call.Body, &sent); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"user": "ann", "team": "search"}, sent.RequestMetadata); diff != "" {
			t.Error(diff)
		}
	}
	served := 0
	for _, entry := range s.envoy.AccessLog(t, 5) {
		if entry["status"] == 200.0 && entry["subject"] == "ann" && entry["total_tokens"].(float64) > 0 {
			served++
		}
	}
	if served != 2 {
		t.Errorf("%d calls with tokens in the access log", served)
	}
}

// TestRateLimit checks that the route's limit applies after authentication and before
// the sidecar.
func TestRateLimit(t *testing.T) {
	s := start(t, "limit: {requests: 50, unit: Second}", "limit: {requests: 2, unit: Hour}")
	for i, c := range []struct {
		groups string
		want   int
	}{{"", 401}, {"users", 403}, {"llm", 200}, {"llm", 200}, {"llm", 429}} {
		if resp, body := s.ask(t, whole, c.groups); resp.StatusCode != c.want {
			t.Errorf("call %d: status %d: %s", i, resp.StatusCode, body)
		}
	}
	if n := len(s.bedrock.Calls()); n != 2 {
		t.Errorf("Bedrock got %d calls", n)
	}
}

// TestSidecarGone checks that without the sidecar every call gets 500.
func TestSidecarGone(t *testing.T) {
	withoutSidecar(t, http.StatusInternalServerError)
}

// TestStatusOnError checks that calls get 503 with statusOnError, which needs Envoy
// Gateway 1.9. Use -skip for older versions.
func TestStatusOnError(t *testing.T) {
	withoutSidecar(t, http.StatusServiceUnavailable, "# statusOnError: 503", "statusOnError: 503")
}

func withoutSidecar(t *testing.T, status int, replace ...string) {
	t.Helper()
	s := start(t, replace...)
	if err := os.Remove(s.socket); err != nil {
		t.Fatal(err)
	}
	if resp, body := s.ask(t, whole, "llm"); resp.StatusCode != status {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
}
