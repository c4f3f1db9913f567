package e2e

import (
	"bytes"
	"compress/gzip"
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

// TestFormsOfARequest sends one request in forms that mean the same.
func TestFormsOfARequest(t *testing.T) {
	s := start(t, nil)
	packed := gzipped(t, askSum)
	for name, c := range map[string]struct {
		path, body string
		headers    []string
	}{
		"gzip":               {"", packed, []string{"Content-Encoding", "gzip"}},
		"gzip, another case": {"", packed, []string{"Content-Encoding", "GZIP"}},
		"identity":           {"", askSum, []string{"Content-Encoding", "identity"}},
		"a slash":            {"/", askSum, nil},
		"a byte order mark":  {"", "\ufeff" + askSum, nil},
		"all":                {"/", gzipped(t, "\ufeff"+askSum), []string{"Content-Encoding", "identity, gzip"}},
	} {
		for protocol, client := range protocols() {
			t.Run(name+"/"+protocol, func(t *testing.T) {
				resp := post(t, client, s.completions()+c.path, c.body, c.headers...)
				if a := decode(t, resp); resp.StatusCode != http.StatusOK || !strings.Contains(a.Content, "4") {
					t.Errorf("status %d, answer %+v", resp.StatusCode, a)
				}
				if list := readEvents(t, post(t, client, s.stream()+c.path, c.body, c.headers...)).all(); !strings.Contains(text(list), "4") {
					t.Errorf("events %+v", list)
				}
			})
		}
	}
}

// TestRefusedEncodings checks encodings that are not taken, and gzip bodies that are
// broken or too large.
func TestRefusedEncodings(t *testing.T) {
	s := start(t, nil, "-max-body-bytes", "100000")
	packed := gzipped(t, askSum)
	for name, c := range map[string]struct {
		encoding, body string
		status         int
		kind           string
	}{
		"zstd":    {"zstd", "(\xb5/\xfd", 415, "unsupported_encoding"},
		"br":      {"br", askSum, 415, "unsupported_encoding"},
		"cut off": {"gzip", packed[:len(packed)-4], 422, "malformed_request"},
		"a bomb":  {"gzip", gzipped(t, strings.Repeat("0", 50_000_000)), 413, "request_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := post(t, newClient(false), s.completions(), c.body, "Content-Encoding", c.encoding)
			if a := decode(t, resp); resp.StatusCode != c.status || a.Error.Type != c.kind {
				t.Errorf("status %d, %+v", resp.StatusCode, a)
			}
			if got := resp.Header.Get("Accept-Encoding"); (got == "gzip, identity") != (c.status == 415) {
				t.Errorf("Accept-Encoding %q", got)
			}
		})
	}
}

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
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
