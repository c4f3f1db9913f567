package observability

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
)

// program is the sidecar that TestMain builds.
var program string

func TestMain(m *testing.M) {
	os.Exit(envoytest.Main(m, func(dir string) { program = filepath.Join(dir, "bedrock-extproc") },
		envoytest.Build{Dir: "../..", Args: []string{"./cmd/bedrock-extproc"}}))
}

// config has prices, a backend with a fallback, and one that takes one call at a time.
const config = `
bedrock_extproc:
  retry: {attempts: 1}
  cool_down: {first: 1ms, max: 1ms}
  prices: {models: {us.amazon.nova-lite-v1:0: {input: 0.0031, output: 0.0153}}}
providers:
  llm:
    default: us
    backends:
      us: {backend: a.BedrockConverseProvider, config: {region: us-east-1, models: {fast: us.amazon.nova-lite-v1:0}, fallback: [eu]}}
      eu: {backend: a.BedrockConverseProvider, config: {region: eu-west-1}}
      small: {backend: a.BedrockConverseProvider, config: {region: us-west-2, max_calls: 1, models: {fast: us.amazon.nova-lite-v1:0}}}
`

// system is Envoy, the sidecar and a fake Bedrock.
type system struct {
	envoy, admin string
	// hung receives when a call has begun to hang.
	hung chan struct{}
}

func startSystem(t *testing.T) *system {
	t.Helper()
	hung := make(chan struct{}, rounds)
	bedrock := httptest.NewServer(fakebedrock.New(fakebedrock.Config{Script: func(r *fakebedrock.Request) fakebedrock.Behaviour {
		if r.Asked.Hang {
			hung <- struct{}{}
		}
		return r.Asked
	}}))
	t.Cleanup(bedrock.Close)
	file := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	listen, admin := envoytest.FreeAddress(t), envoytest.FreeAddress(t)
	envoytest.Run(t, listen, []string{
		"AWS_ENDPOINT_URL_BEDROCK_RUNTIME=" + bedrock.URL, "AWS_ACCESS_KEY_ID=" + fakebedrock.DemoAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + fakebedrock.DemoSecretAccessKey,
		"AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
	}, program, "-listen", listen, "-admin", admin, "-drain-delay", "0s", "-keep-alive", "50ms", "-config", file)
	return &system{envoy: envoytest.Start(t, listen, nil).URL, admin: "http://" + admin, hung: hung}
}

const (
	whole  = "/api/v1/llm/completions"
	stream = whole + "/stream"
)

// calls makes a round of calls: whole ones and streams that succeed, repaired requests,
// throttled and broken calls, fallbacks, silent streams and calls beyond a limit.
func (s *system) calls(t *testing.T) {
	t.Helper()
	for _, path := range []string{whole, stream} {
		s.call(t, path, "us", "")
		s.call(t, path, "us", `,"no_such_field":1`)
		s.call(t, path, "us", `,"request_metadata":{"fake.fault":"throttling","fake.region":"us-east-1"}`)
		s.call(t, path, "eu", `,"request_metadata":{"fake.fault":"throttling"}`)
	}
	s.call(t, stream, "us", `,"request_metadata":{"fake.fault":"cut-frame","fake.at":"3"}`)
	s.call(t, stream, "us", `,"request_metadata":{"fake.delay":"300ms"}`)
	s.overload(t)
}

// overload makes a second call to the backend that takes one, while the first one waits
// for Bedrock.
func (s *system) overload(t *testing.T) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	var first sync.WaitGroup
	first.Go(func() {
		for ctx.Err() == nil { // it is refused while the sidecar has not noticed the end of the last round's call
			_, _ = s.send(ctx, whole, "small", `,"request_metadata":{"fake.fault":"hang"}`)
		}
	})
	defer first.Wait()
	defer leave()
	<-s.hung
	if status, err := s.send(t.Context(), whole, "small", ""); status != http.StatusServiceUnavailable {
		t.Fatalf("status %d, %v: the call is not refused", status, err)
	}
}

func (s *system) call(t *testing.T, path, backend, more string) {
	t.Helper()
	if status, err := s.send(t.Context(), path, backend, more); err != nil || status >= 500 {
		t.Fatalf("%s%s: status %d, %v", path, more, status, err)
	}
}

// send makes a call and reads its answer.
func (s *system) send(ctx context.Context, path, backend, more string) (status int, err error) {
	body := `{"model":"fast","messages":[{"role":"user","content":"Explain quantum computing"}]` + more + `}`
	if backend == "eu" {
		body = strings.Replace(body, "fast", "eu.amazon.nova-lite-v1:0", 1)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.envoy+path, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-Provider-LLM", backend)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// scrape returns the sidecar's metrics.
func (s *system) scrape(t *testing.T) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.admin+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return text
}
