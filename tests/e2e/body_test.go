package e2e

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestBodySizes sends bodies of many sizes, with and without a Content-Length.
func TestBodySizes(t *testing.T) {
	s := start(t, nil)
	for name, client := range protocols() {
		for _, size := range []int{1 << 10, 1 << 20, 25 << 20} {
			for _, chunked := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d/chunked=%t", name, size, chunked), func(t *testing.T) {
					word := strings.Repeat("0123456789abcdef", size/16)
					body := `{"messages":[{"role":"user","content":"` + word + `"}],"max_tokens":3}`
					var reader io.Reader = strings.NewReader(body)
					if chunked {
						reader = struct{ io.Reader }{reader} // hides the length
					}
					resp := postReader(t, client, s.completions(), reader)
					if a := decode(t, resp); resp.StatusCode != http.StatusOK {
						t.Fatalf("%d %v", resp.StatusCode, a.Detail)
					}
					calls := s.bedrock.Calls()
					got := string(calls[len(calls)-1].Body)
					want := `{"inferenceConfig":{"maxTokens":3},"messages":[{"content":[{"text":"` + word + `"}],"role":"user"}]}`
					if got != want {
						t.Errorf("Bedrock got %d bytes, want %d; starts with %.80s", len(got), len(want), got)
					}
				})
			}
		}
	}
}

func TestTrailersEndARequest(t *testing.T) {
	s := start(t, nil)
	for name, client := range protocols() {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.completions(), struct{ io.Reader }{strings.NewReader(askSum)})
			if err != nil {
				t.Fatal(err)
			}
			req.Trailer = http.Header{"X-Checksum": {"7"}}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if a := decode(t, resp); !strings.Contains(a.Content, "4") {
				t.Errorf("answer %+v", a)
			}
		})
	}
}

// TestBadRequests checks that each bad request gets a JSON error, and that the next
// good request succeeds.
func TestBadRequests(t *testing.T) {
	s := start(t, nil, "-max-body-bytes", "100000")
	large := `{"messages":[{"role":"user","content":"` + strings.Repeat("x", 200_000) + `"}]}`
	for name, client := range protocols() {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				name, method, path, body string
				status                   int
				kind                     string
			}{
				{"broken JSON", "POST", "/api/v1/llm/completions", `{"messages": [`, 422, "malformed_request"},
				{"empty", "POST", "/api/v1/llm/completions", ``, 422, "malformed_request"},
				{"no messages", "POST", "/api/v1/llm/completions/stream", `{}`, 422, "malformed_request"},
				{"wrong type", "POST", "/api/v1/llm/completions", `{"messages": "hi"}`, 422, "malformed_request"},
				{"unknown path", "POST", "/api/v1/llm/completion", askSum, 404, "unknown_path"},
				{"wrong method", "PUT", "/api/v1/llm/completions", askSum, 405, "method_not_allowed"},
				{"too large", "POST", "/api/v1/llm/completions", large, 413, "request_too_large"},
			} {
				t.Run(c.name, func(t *testing.T) {
					req, err := http.NewRequestWithContext(t.Context(), c.method, s.url(c.path), strings.NewReader(c.body))
					if err != nil {
						t.Fatal(err)
					}
					resp, err := client.Do(req)
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					a := decode(t, resp)
					if resp.StatusCode != c.status || a.Error.Type != c.kind || a.Detail == nil || a.Error.Status != c.status {
						t.Errorf("status %d, body %+v", resp.StatusCode, a)
					}
				})
			}
			if resp := post(t, client, s.completions(), askSum); resp.StatusCode != http.StatusOK {
				t.Errorf("the next good request: status %d", resp.StatusCode)
			}
		})
	}
}
