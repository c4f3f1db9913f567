package istio

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bedrock-extproc/tests/envoytest"
)

const question = `{"messages": [{"role": "user", "content": "What is 2+2?"}]}`

// client returns a client that connects to address for any URL.
func client(t *testing.T, address string, cfg *tls.Config) *http.Client {
	t.Helper()
	transport := &http.Transport{
		TLSClientConfig: cfg, ForceAttemptHTTP2: !slices.Contains(cfg.NextProtos, "http/1.1"),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// A call is one request. Zero values are defaults.
type call struct {
	url     string // "" means the URL for whole answers
	host    string // Host header, if different from the URL's
	token   string
	headers map[string]string
	http1   bool   // instead of HTTP/2
	body    string // "" means question
}

// answer is a response.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends the request and returns after the response headers. The caller must close
// the body.
func (c call) send(ctx context.Context, t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+cmp.Or(c.url, completions), strings.NewReader(cmp.Or(c.body, question)))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = c.host
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for name, value := range c.headers {
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func (c call) do(t *testing.T, client *http.Client, url string) answer {
	t.Helper()
	resp := c.send(t.Context(), t, client, url)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// want checks that the status is right and the body contains part.
func (a answer) want(t *testing.T, status int, part string) {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, part) {
		t.Errorf("status %d, want %d, with %q: %s", a.status, status, part, a.body)
	}
}

// requestMetadata returns the request metadata of the latest call to Bedrock.
func (x *extProc) requestMetadata(t *testing.T) map[string]string {
	t.Helper()
	calls := x.bedrock.Calls()
	if len(calls) == 0 {
		t.Fatal("Bedrock was not called")
	}
	var body struct{ RequestMetadata map[string]string }
	if err := json.Unmarshal(calls[len(calls)-1].Body, &body); err != nil {
		t.Fatal(err)
	}
	return body.RequestMetadata
}

const (
	completions = "/api/v1/llm/completions"
	stream      = "/api/v1/llm/completions/stream"
)

// logged waits for a request's entry in Envoy's access log.
func logged(t *testing.T, e *envoytest.Envoy, id string) map[string]any {
	t.Helper()
	for n := 1; ; n++ {
		entries := e.AccessLog(t, n)
		for _, entry := range entries {
			if entry["request_id"] == id {
				return entry
			}
		}
		n = len(entries)
	}
}
