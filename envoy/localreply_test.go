package envoy_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/durationpb"

	"bedrock-extproc/tests/envoytest"
)

// failure is the body of an error.
type failure struct {
	Detail string `json:"detail"`
	Error  struct {
		Type      string `json:"type"`
		Status    int    `json:"status"`
		Retryable *bool  `json:"retryable"`
		RequestID string `json:"request_id"`
	} `json:"error"`
}

// expectFailure checks that a response is an error in the sidecar's format.
func expectFailure(t *testing.T, resp *http.Response, status int, kind string) failure {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var f failure
	if err := json.Unmarshal(body, &f); err != nil {
		t.Fatalf("not JSON: %v: %q", err, body)
	}
	e := f.Error
	if resp.StatusCode != status || e.Status != status || e.Type != kind || f.Detail == "" || e.Retryable == nil {
		t.Errorf("status %d, want %d and type %s: %s", resp.StatusCode, status, kind, body)
	}
	if strings.Contains(string(body), "null") && envoytest.AtLeast(t, 40) {
		t.Errorf("the body has a null: %s", body)
	}
	if kind := resp.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("content type %q", kind)
	}
	if got := resp.Header.Get("X-Request-Id"); got != e.RequestID {
		t.Errorf("request id %q in the header, %q in the body", got, e.RequestID)
	}
	if got := resp.Header.Get("X-Correlation-Id"); (got == "") != (e.RequestID == "") {
		t.Errorf("correlation id %q, request id %q", got, e.RequestID)
	}
	// A rate limit may last longer than anyone knows.
	if got, want := resp.Header.Get("Retry-After") != "", e.Retryable != nil && *e.Retryable; got != want && kind != "envoy_rate_limited" {
		t.Errorf("retry-after %q, retryable %t", resp.Header.Get("Retry-After"), want)
	}
	return f
}

func clients() map[string]*http.Client {
	var only1, only2 http.Protocols
	only1.SetHTTP1(true)
	only2.SetUnencryptedHTTP2(true)
	return map[string]*http.Client{
		"HTTP/1.1": {Transport: &http.Transport{Protocols: &only1}},
		"HTTP/2":   {Transport: &http.Transport{Protocols: &only2}},
	}
}

func post(t *testing.T, client *http.Client, url string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("a body"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// TestSidecarsAnswersPassUnchanged covers whole answers, which Envoy treats as local
// replies.
func TestSidecarsAnswersPassUnchanged(t *testing.T) {
	s := startSidecar(t, func(x *call) error {
		var status int
		if _, err := fmt.Sscanf(x.path, "/%d", &status); err != nil {
			return err
		}
		return x.immediate(status, "bedrock_extproc_some_token", fmt.Sprintf(`{"status":%d}`, status), nil)
	})
	e := envoytest.Start(t, s.address, nil)
	for name, client := range clients() {
		for _, status := range []int{200, 400, 401, 403, 404, 405, 408, 413, 422, 429, 431, 500, 501, 502, 503, 504} {
			resp := post(t, client, fmt.Sprintf("%s/%d", e.URL, status))
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != status || string(body) != fmt.Sprintf(`{"status":%d}`, status) {
				t.Errorf("%s: %d became %d %s", name, status, resp.StatusCode, body)
			}
			for _, added := range []string{"X-Request-Id", "X-Correlation-Id", "Retry-After", "Server"} {
				if got := resp.Header.Get(added); got != "" {
					t.Errorf("%s: %d got %s: %s", name, status, added, got)
				}
			}
		}
	}
}

// TestFailingSidecar covers calls that the sidecar ends early, fails or answers
// wrongly.
func TestFailingSidecar(t *testing.T) {
	const secret = "a secret prompt"
	s := startSidecar(t, func(x *call) error {
		switch x.path {
		case "/ends":
			return nil
		case "/breaks":
			return errors.New(secret)
		case "/garbles":
			return x.write("a body before its headers", true)
		default:
			return x.untilGone()
		}
	})
	e := envoytest.Start(t, s.address, editHCM(t, func(m *hcmv3.HttpConnectionManager) {
		m.StreamIdleTimeout = durationpb.New(300 * time.Millisecond)
	}))
	for name, client := range clients() {
		for path, want := range map[string]struct {
			status int
			kind   string
		}{
			"/ends":    {503, "envoy_sidecar_skipped"},
			"/breaks":  {503, "envoy_sidecar_failed"},
			"/garbles": {503, "envoy_sidecar_not_understood"},
			"/waits":   {500, "envoy_timeout"},
		} {
			t.Run(name+path, func(t *testing.T) {
				resp := post(t, client, e.URL+path, "x-request-id", `one "quoted"`, "x-correlation-id", "other")
				f := expectFailure(t, resp, want.status, want.kind)
				if f.Error.RequestID != `one "quoted"` || resp.Header.Get("X-Correlation-Id") != "other" {
					t.Errorf("ids %q and %q", f.Error.RequestID, resp.Header.Get("X-Correlation-Id"))
				}
				if strings.Contains(f.Detail, "prompt") {
					t.Errorf("the client reads %q", f.Detail)
				}
			})
		}
	}
}

// TestUnhealthySidecar makes the only sidecar unhealthy. Envoy calls it anyway, in
// panic mode. Without panic mode Envoy answers itself.
func TestUnhealthySidecar(t *testing.T) {
	for name, panics := range map[string]bool{"panic mode": true, "no panic mode": false} {
		t.Run(name, func(t *testing.T) {
			s := startSidecar(t, func(x *call) error { return x.immediate(200, "bedrock_extproc_ok", "fine", nil) })
			e := envoytest.Start(t, s.address, func(b *bootstrapv3.Bootstrap) {
				checkOften(b)
				if !panics {
					b.GetStaticResources().GetClusters()[0].CommonLbConfig = &clusterv3.Cluster_CommonLbConfig{
						HealthyPanicThreshold: &typev3.Percent{Value: 0},
					}
				}
			})
			s.health.SetServingStatus("", healthpb.HealthCheckResponse_NOT_SERVING)
			e.AwaitStat(t, "cluster.bedrock_extproc.health_check.failure", 2)
			resp := post(t, http.DefaultClient, e.URL)
			if panics && resp.StatusCode != http.StatusOK {
				t.Errorf("status %d", resp.StatusCode)
			}
			if !panics {
				expectFailure(t, resp, 503, "envoy_sidecar_unreachable")
			}
		})
	}
}

// TestNoSidecar stops the only sidecar.
func TestNoSidecar(t *testing.T) {
	s := startSidecar(t, func(x *call) error { return x.immediate(200, "bedrock_extproc_ok", "fine", nil) })
	e := envoytest.Start(t, s.address, checkOften)
	if resp := post(t, http.DefaultClient, e.URL); resp.StatusCode != http.StatusOK {
		t.Fatalf("with a sidecar: status %d", resp.StatusCode)
	}
	s.server.Stop()
	e.AwaitStat(t, "cluster.bedrock_extproc.health_check.network_failure", 1)
	for name, client := range clients() {
		t.Run(name, func(t *testing.T) {
			expectFailure(t, post(t, client, e.URL), 503, "envoy_sidecar_unreachable")
		})
	}
}

func checkOften(b *bootstrapv3.Bootstrap) {
	check := b.GetStaticResources().GetClusters()[0].GetHealthChecks()[0]
	check.Interval = durationpb.New(20 * time.Millisecond)
	check.NoTrafficInterval = check.Interval
}

// TestRejectedRequests covers requests that Envoy itself rejects.
func TestRejectedRequests(t *testing.T) {
	s := startSidecar(t, func(x *call) error { return x.immediate(200, "bedrock_extproc_ok", x.path, nil) })
	e := envoytest.Start(t, s.address, editHCM(t, func(m *hcmv3.HttpConnectionManager) {
		m.RequestHeadersTimeout = durationpb.New(300 * time.Millisecond)
	}))
	const bad, post = "envoy_bad_request", "POST /path HTTP/1.1\r\nHost: h\r\n"
	for name, c := range map[string]struct {
		request string
		status  int
		kind    string
	}{
		"not HTTP":               {"\x16\x03\x01 hello\r\n\r\n", 400, bad},
		"HTTP/1.0":               {"GET / HTTP/1.0\r\n\r\n", 426, bad},
		"no host":                {"GET / HTTP/1.1\r\n\r\n", 400, bad},
		"a bad length":           {post + "Content-Length: many\r\n\r\n", 400, bad},
		"two lengths":            {post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 400, bad},
		"a bad chunk":            {post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, bad},
		"underscores":            {post + "x_aws_region: here\r\n\r\n", 400, bad},
		"upgrade":                {post + "Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", 403, "envoy_forbidden"},
		"large headers":          {post + "Large: " + strings.Repeat("x", 100_000) + "\r\n\r\n", 431, "envoy_headers_too_large"},
		"headers without an end": {post, 408, "envoy_timeout"},
	} {
		t.Run(name, func(t *testing.T) { expectFailure(t, raw(t, e.URL, c.request), c.status, c.kind) })
	}
	// The connection manager still works.
	if resp := raw(t, e.URL, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestPaths: routes, filters and the sidecar see one normal form of a path, in which escaped
// slashes stay as they are.
func TestPaths(t *testing.T) {
	s := startSidecar(t, func(x *call) error { return x.immediate(200, "bedrock_extproc_ok", x.path, nil) })
	e := envoytest.Start(t, s.address, nil)
	for path, want := range map[string]string{
		"//a/../b":                      "/b",
		"/model//converse":              "/model/converse",
		"/model/x/../y/converse":        "/model/y/converse",
		"/model/x/%2e%2E/y/converse":    "/model/y/converse",
		"/model/./x/converse":           "/model/x/converse",
		"/model/../../etc/converse":     "/etc/converse",
		"/model/a%2fb%3Ac%252F/x":       "/model/a%2fb%3Ac%252F/x",
		"/model/..%2Fy/converse":        "/model/..%2Fy/converse",
		"/model/x%2F..%2Fy/converse":    "/model/x%2F..%2Fy/converse",
		"/model/x%2F%2e%2e%2Fy/x":       "/model/x%2F..%2Fy/x",
		"/model/x%2F/../y/converse":     "/model/y/converse",
		"/model/a%5Cb/converse":         "/model/a%5Cb/converse",
		"/healthz%2F..%2Fmodel/x/y?q=/": "/healthz%2F..%2Fmodel/x/y?q=/",
	} {
		resp := raw(t, e.URL, "GET "+path+" HTTP/1.1\r\nHost: h\r\n\r\n")
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != want {
			t.Errorf("%s: the sidecar sees the path %q, %v; want %q", path, body, err, want)
		}
	}
}

// raw sends the request's bytes as they are and reads the response.
func raw(t *testing.T, url, request string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// editHCM returns a function that edits the HTTP connection manager.
func editHCM(t *testing.T, edit func(*hcmv3.HttpConnectionManager)) func(*bootstrapv3.Bootstrap) {
	return func(b *bootstrapv3.Bootstrap) {
		config := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0].GetTypedConfig()
		var m hcmv3.HttpConnectionManager
		if err := config.UnmarshalTo(&m); err != nil {
			t.Fatal(err)
		}
		edit(&m)
		if err := config.MarshalFrom(&m); err != nil {
			t.Fatal(err)
		}
	}
}
