package e2e

import (
	"context"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBalancedCrash kills one of two sidecars, which closes its connections. A call that
// Envoy sends before it has noticed may fail, one for each of its two workers; further
// calls go to the other sidecar.
func TestBalancedCrash(t *testing.T) {
	s, c := startBalanced(t)
	for _, http2 := range []bool{false, true} {
		client := newClient(http2)
		for range 10 { // so that each worker has connections to both
			if err := oneStream(client, s.x.stream()); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.kill()
	const workers = 2
	var failures []error
	for calls := 0; s.x.envoy.Stat(t, "cluster.bedrock_extproc.outlier_detection.ejections_active") == 0 &&
		s.x.envoy.Stat(t, "cluster.bedrock_extproc.membership_healthy") == 2; calls++ {
		if err := oneStream(newClient(false), s.x.stream()); err != nil {
			failures = append(failures, err)
		}
		if calls > 200 {
			t.Fatal("Envoy does not notice the crash")
		}
	}
	if len(failures) > workers {
		t.Errorf("%d calls failed before Envoy noticed, the first with: %v", len(failures), failures[0])
	}
	large := `{"messages":[{"role":"user","content":"` + strings.Repeat("word ", 200_000) + `"}]}`
	for i := range 50 {
		if err := oneStream(newClient(i%2 == 0), s.x.stream()); err != nil {
			t.Errorf("call %d after the crash: %v", i, err)
		}
		if i%10 == 0 {
			if resp := post(t, newClient(false), s.x.completions(), large); resp.StatusCode != http.StatusOK {
				t.Errorf("a large call after the crash: status %d", resp.StatusCode)
			}
		}
	}
}

// TestHang stops a sidecar's process with SIGSTOP: its connections stay open. Envoy's
// pings end open calls and new ones after about ten seconds.
func TestHang(t *testing.T) {
	s := start(t, nil)
	client := newClient(false)
	if err := oneStream(client, s.stream()); err != nil {
		t.Fatal(err)
	}
	s.sidecar.signal(t, syscall.SIGSTOP)
	defer s.sidecar.signal(t, syscall.SIGCONT)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	urls := []string{s.completions(), s.stream()}
	answers := make(chan string, len(urls))
	for _, url := range urls {
		go func() { answers <- statusAndBody(ctx, client, url) }()
	}
	for range urls {
		if got := <-answers; !strings.HasPrefix(got, "503 ") || !strings.Contains(got, `"type":"envoy_sidecar_unreachable"`) {
			t.Errorf("got %s", got)
		}
	}
}

// statusAndBody returns a response's status and body, or the error.
func statusAndBody(ctx context.Context, client *http.Client, url string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(askSum))
	if err != nil {
		return err.Error()
	}
	resp, err := client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return resp.Status + " " + string(body)
}
