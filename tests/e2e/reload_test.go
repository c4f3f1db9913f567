package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bedrock-extproc/tests/fakebedrock"
)

// replaceConfig replaces a file atomically.
func replaceConfig(t *testing.T, file, text string) {
	t.Helper()
	next := filepath.Join(filepath.Dir(file), ".next")
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, file); err != nil {
		t.Fatal(err)
	}
}

// awaitPage waits until ok accepts the page's body, and returns the body.
func awaitPage(t *testing.T, url string, ok func(body string) bool) string {
	t.Helper()
	var body string
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		status, got := get(t, url)
		if body = got; status != http.StatusOK {
			t.Fatalf("%s: status %d: %s", url, status, got)
		}
		if ok(body) {
			return body
		}
	}
	t.Fatalf("%s stays at %s", url, body)
	return ""
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// TestReloadUnderLoad reloads ten times, alternately by file change and by signal, while
// eight clients call. No call may fail, and each configuration must be used.
func TestReloadUnderLoad(t *testing.T) {
	version := func(i int) string { return strings.Replace(twoRegions, "fast:", fmt.Sprintf("fast-%d:", i), 1) }
	file := configFile(t, version(0))
	s := start(t, nil, "-config", file)
	ctx, stop := context.WithCancel(t.Context())
	load := startLoad(ctx, newClient(true), s.completions(), s.stream())

	for i := 1; i <= 10; i++ {
		replaceConfig(t, file, version(i))
		if i%2 == 0 {
			s.sidecar.signal(t, syscall.SIGHUP)
		}
		awaitPage(t, s.url("/api/v1/llm/models"), func(body string) bool { return strings.Contains(body, fmt.Sprintf(`"fast-%d"`, i)) })
	}
	stop()
	calls, failures := load()
	if len(failures) > 0 {
		t.Errorf("%d of %d calls failed, the first with: %v", len(failures), calls, failures[0])
	}
	if calls < 100 {
		t.Errorf("only %d calls", calls)
	}
	t.Logf("%d calls", calls)
}

// startLoad calls the URLs in turn from eight clients until ctx ends. The returned
// function waits for the calls in flight.
func startLoad(ctx context.Context, client *http.Client, urls ...string) func() (calls int, failures []error) {
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		calls    int
		failures []error
	)
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; ctx.Err() == nil; i++ {
				err := answered(client, urls[i%len(urls)], []string{"bedrock-us", "bedrock-eu"}[i/2%2])
				mu.Lock()
				calls++
				if err != nil {
					failures = append(failures, err)
				}
				mu.Unlock()
			}
		})
	}
	return func() (int, []error) {
		wg.Wait()
		return calls, failures
	}
}

// answered makes one call. It returns an error unless that backend answers it
// completely.
func answered(client *http.Client, url, backend string) error {
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(askSum))
	if err != nil {
		return err
	}
	req.Header.Set("X-Provider-LLM", backend)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	end := `"stop_reason":"end_turn"`
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), end) || resp.Header.Get("X-Bedrock-Backend") != backend {
		return fmt.Errorf("status %d, backend %q: %.300s", resp.StatusCode, resp.Header.Get("X-Bedrock-Backend"), body)
	}
	return nil
}

// TestBrokenReload checks that the old configuration stays in use, and that readyz and
// metrics report the error until the file is fixed.
func TestBrokenReload(t *testing.T) {
	file := configFile(t, twoRegions)
	s := start(t, nil, "-config", file)
	replaceConfig(t, file, strings.Replace(twoRegions, "region:", "regoin:", 1))
	body := awaitPage(t, s.sidecar.admin+"/readyz", func(body string) bool { return strings.Contains(body, "rejected") })

	var ready struct {
		Status string
		Config struct{ Error string }
	}
	if err := json.Unmarshal([]byte(body), &ready); err != nil {
		t.Fatal(err)
	}
	const healthy = `{"status":"ok","checks":{"config":"ok","llm/bedrock-eu":"ok","llm/bedrock-us":"ok"}}`
	want := file + `:8: providers.llm.backends.bedrock-us.config.regoin: unknown key: did you mean "region"?`
	if _, body := get(t, s.url("/readyz")); body != healthy {
		t.Errorf("clients read %s", body)
	}
	if ready.Status != "ok" || ready.Config.Error != want {
		t.Errorf("readyz %s, want status ok and the error %s", body, want)
	}
	for _, url := range []string{s.completions(), s.stream()} {
		if err := answered(newClient(false), url, "bedrock-us"); err != nil {
			t.Errorf("with a broken file: %v", err)
		}
	}
	const failed = `bedrock_extproc_config_last_reload_success 0`
	if _, metrics := get(t, s.sidecar.admin+"/metrics"); !strings.Contains(metrics, failed) {
		t.Errorf("the metrics lack %q", failed)
	}
	replaceConfig(t, file, twoRegions+"\n# fixed\n")
	awaitPage(t, s.sidecar.admin+"/readyz", func(body string) bool { return body == healthy })
}

// TestReloadedRegion changes a backend's region. New calls go to the new region, and an
// open stream finishes in the old one.
func TestReloadedRegion(t *testing.T) {
	file := configFile(t, twoRegions)
	gate := make(chan struct{})
	s := start(t, func(r *fakebedrock.Request) fakebedrock.Behaviour {
		if r.Operation == fakebedrock.ConverseStream {
			return fakebedrock.Behaviour{Gate: gate}
		}
		return fakebedrock.Behaviour{}
	}, "-config", file)
	ask := func() string {
		t.Helper()
		if err := answered(newClient(false), s.completions(), "bedrock-eu"); err != nil {
			t.Fatal(err)
		}
		return s.ended(t).Region
	}
	opened := make(chan error)
	go func() { opened <- answered(newClient(false), s.stream(), "bedrock-eu") }()
	for s.bedrock.InFlight() == 0 {
		time.Sleep(time.Millisecond)
	}
	if got := ask(); got != "eu-west-1" {
		t.Errorf("before the reload the call is signed for %s", got)
	}
	replaceConfig(t, file, strings.NewReplacer("eu-west-1", "eu-north-1", "fast:", "moved:").Replace(twoRegions))
	awaitPage(t, s.url("/api/v1/llm/models"), func(body string) bool { return strings.Contains(body, "moved") })
	if got := ask(); got != "eu-north-1" {
		t.Errorf("after the reload the call is signed for %s", got)
	}
	close(gate)
	if err := <-opened; err != nil {
		t.Errorf("the open stream: %v", err)
	}
	if got := s.ended(t).Region; got != "eu-west-1" {
		t.Errorf("the open stream is from region %s", got)
	}
}
