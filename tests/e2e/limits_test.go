package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bedrock-extproc/tests/fakebedrock"
)

const megabyte = 1 << 20

// memory reads a field of /proc/PID/status, in bytes: VmRSS is the memory of a process
// now, VmHWM its peak.
func memory(t *testing.T, pid int, field string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip("needs Linux: ", err)
	}
	return number(t, string(status), field+`:\s+(\d+) kB`) * 1024
}

func number(t *testing.T, text, pattern string) int {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in:\n%s", pattern, text)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(n)
}

// metric reads one of the sidecar's metrics, given with its labels. It is 0 while there
// is none.
func (s *sidecar) metric(t *testing.T, name string) int {
	t.Helper()
	resp, err := http.Get(s.admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "\n"+name+" ") {
		return 0
	}
	return number(t, string(page), `(?m)^`+regexp.QuoteMeta(name)+` (\S+)$`)
}

// eventually waits until reached returns true.
func eventually(t *testing.T, what string, reached func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !reached(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

// heldUpload is a request body of size bytes. It stops before its end until release is
// closed.
func heldUpload(size int, release <-chan struct{}) io.Reader {
	const start, end = `{"max_tokens":3,"messages":[{"role":"user","content":"`, `"}]}`
	text := io.LimitReader(letters{}, int64(size-len(start)-len(end)))
	return io.MultiReader(strings.NewReader(start), text, heldReader{release}, strings.NewReader(end))
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

type heldReader struct{ release <-chan struct{} }

func (w heldReader) Read([]byte) (int, error) {
	<-w.release
	return 0, io.EOF
}

// refusals counts answers, of which those with 503 must be complete.
type refusals struct {
	mu      sync.Mutex
	answers map[string]int
}

func (r *refusals) count(resp *http.Response, err error) {
	text := fmt.Sprint(err)
	if err == nil {
		body, readErr := io.ReadAll(resp.Body)
		resp.Body.Close()
		text = fmt.Sprint(resp.StatusCode)
		if resp.StatusCode != http.StatusOK {
			text = fmt.Sprintf("%d, Retry-After %q, overloaded %t, %v", resp.StatusCode, resp.Header.Get("Retry-After"),
				strings.Contains(string(body), `"type":"overloaded"`), readErr)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answers == nil {
		r.answers = map[string]int{}
	}
	r.answers[text]++
}

const refused = `503, Retry-After "1", overloaded true, <nil>`

// TestHeldUploadsStayWithinTheMemoryForBodies: 64 clients upload 30 MB each and stop
// before the end. Those beyond the limit get 503 while they upload.
func TestHeldUploadsStayWithinTheMemoryForBodies(t *testing.T) {
	if testing.Short() {
		t.Skip("a load test: run by make test, not with the race detector")
	}
	const uploads, limit = 64, 64 * megabyte
	s := start(t, nil, "-max-body-memory", strconv.Itoa(limit))
	pid := s.sidecar.cmd.Process.Pid
	for name, client := range protocols() {
		t.Run(name, func(t *testing.T) {
			post(t, client, s.completions(), askSum)
			idle, before := memory(t, pid, "VmRSS"), s.sidecar.metric(t, `bedrock_extproc_limit_refused_total{backend="",limit="body_bytes"}`)
			release := make(chan struct{})
			var all refusals
			var wg sync.WaitGroup
			for range uploads {
				client := newClient(name == "http2") // a connection of its own
				wg.Go(func() {
					all.count(client.Post(s.completions(), "application/json", heldUpload(30*megabyte, release)))
					client.CloseIdleConnections()
				})
			}
			eventually(t, "63 uploads are refused", func() bool {
				return s.sidecar.metric(t, `bedrock_extproc_limit_refused_total{backend="",limit="body_bytes"}`)-before == uploads-1
			})
			close(release)
			wg.Wait()
			if all.answers["200"] != 1 || all.answers[refused] != uploads-1 {
				t.Errorf("answers %v", all.answers)
			}
			peak := memory(t, pid, "VmHWM")
			t.Logf("idle %d MB, peak %d MB", idle/megabyte, peak/megabyte)
			if peak > idle+limit+64*megabyte {
				t.Errorf("%d MB at the peak, %d MB before", peak/megabyte, idle/megabyte)
			}
			eventually(t, "memory falls back", func() bool { return memory(t, pid, "VmRSS") < idle+64*megabyte })
		})
	}
}

// TestPromisedUploadsTakeLittleMemory: clients announce 32 MB and send almost nothing.
func TestPromisedUploadsTakeLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a load test: run by make test, not with the race detector")
	}
	const uploads = 1000
	s := start(t, nil, "-max-body-memory", strconv.Itoa(256*megabyte))
	release := make(chan struct{})
	var wg sync.WaitGroup
	client := newClient(true)
	for range uploads {
		wg.Go(func() {
			body := io.MultiReader(strings.NewReader(`{"messages":`), heldReader{release})
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.completions(), body)
			if err != nil {
				t.Error(err)
				return
			}
			req.ContentLength = 32 * megabyte
			if resp, err := client.Do(req); err == nil {
				resp.Body.Close()
			}
		})
	}
	eventually(t, "all uploads have begun", func() bool {
		return s.sidecar.metric(t, "bedrock_extproc_calls_in_flight") == uploads && s.sidecar.metric(t, `bedrock_extproc_limit_current{backend="",limit="body_bytes"}`) >= uploads*12
	})
	if heap := s.sidecar.metric(t, "go_memstats_heap_inuse_bytes"); heap > 100*megabyte {
		t.Errorf("%d MB of heap", heap/megabyte)
	}
	close(release)
	wg.Wait()
}

// TestUnreadStreamsAreBounded: four clients do not read a stream that would not end.
func TestUnreadStreamsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("a load test: run by make test, not with the race detector")
	}
	const clients, limit = 4, 8 * megabyte
	s := start(t, always(fakebedrock.Behaviour{Events: longEvents(10_000)}), "-max-answer-bytes", strconv.Itoa(limit))
	pid := s.sidecar.cmd.Process.Pid
	idle, envoyIdle := memory(t, pid, "VmRSS"), s.envoyAllocated(t)
	var unread []*http.Response
	for range clients {
		resp := post(t, newClient(false), s.stream(), askSum)
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d", resp.StatusCode)
		}
		unread = append(unread, resp)
	}
	eventually(t, "the calls end", func() bool { return s.sidecar.metric(t, "bedrock_extproc_calls_in_flight") == 0 })
	peak, envoyNow := memory(t, pid, "VmHWM"), s.envoyAllocated(t)
	t.Logf("sidecar: idle %d MB, peak %d MB; Envoy: idle %d MB, now %d MB", idle/megabyte, peak/megabyte, envoyIdle/megabyte, envoyNow/megabyte)
	if peak > idle+clients*3*limit+64*megabyte { // the text of an open block is kept, too
		t.Errorf("the sidecar took %d MB, %d MB when idle", peak/megabyte, idle/megabyte)
	}
	if envoyNow > envoyIdle+clients*limit+32*megabyte {
		t.Errorf("Envoy holds %d MB, %d MB when idle", envoyNow/megabyte, envoyIdle/megabyte)
	}
	for _, resp := range unread {
		body, err := io.ReadAll(resp.Body)
		if err != nil || len(body) < limit || len(body) > limit+2*megabyte || !strings.Contains(string(body[len(body)-1000:]), `"type":"answer_too_large"`) {
			t.Errorf("%d bytes, %v, end with %.300s", len(body), err, body[max(0, len(body)-300):])
		}
	}
}

// longEvents is a stream with n texts of 32 KiB.
func longEvents(n int) []fakebedrock.Event {
	text := fakebedrock.Event{Type: "contentBlockDelta", Members: map[string]any{
		"contentBlockIndex": 0, "delta": map[string]any{"text": strings.Repeat("x", 32<<10)},
	}}
	list := []fakebedrock.Event{{Type: "messageStart", Members: map[string]any{"role": "assistant"}}}
	list = append(list, slices.Repeat([]fakebedrock.Event{text}, n)...)
	return append(list,
		fakebedrock.Event{Type: "messageStop", Members: map[string]any{"stopReason": "end_turn"}},
		fakebedrock.Event{Type: "metadata", Members: map[string]any{"usage": map[string]any{"inputTokens": 1, "outputTokens": n, "totalTokens": n + 1}}})
}

// envoyAllocated is the memory that Envoy has allocated, in bytes.
func (s *system) envoyAllocated(t *testing.T) int {
	t.Helper()
	resp, err := http.Get(s.envoy.Admin + "/memory")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return number(t, string(page), `"allocated": "(\d+)"`)
}

const limitedBackend = `providers:
  llm:
    backend: a.BedrockConverseProvider
    config: {region: us-east-1, default_model: %[1]s, models: {%[1]s: us.amazon.nova-micro-v1:0}, max_calls: %[2]d}
`

// TestBackendLimitSurvivesReload: calls in flight stay counted when a new configuration
// changes the limit.
func TestBackendLimitSurvivesReload(t *testing.T) {
	file := configFile(t, fmt.Sprintf(limitedBackend, "one", 1))
	gate := make(chan struct{})
	s := start(t, always(fakebedrock.Behaviour{Gate: gate}), "-config", file)
	const inFlight = `bedrock_extproc_limit_current{backend="default",limit="backend"}`
	client := newClient(true)
	reload := func(name string, limit int) {
		t.Helper()
		replaceConfig(t, file, fmt.Sprintf(limitedBackend, name, limit))
		awaitPage(t, s.url("/api/v1/llm/models"), func(body string) bool { return strings.Contains(body, `"`+name+`"`) })
	}
	var all refusals
	var wg sync.WaitGroup
	call := func(inFlightAfter int) {
		t.Helper()
		wg.Go(func() { all.count(client.Post(s.completions(), "application/json", strings.NewReader(askSum))) })
		eventually(t, "the call is in flight", func() bool { return s.sidecar.metric(t, inFlight) == inFlightAfter })
	}
	call(1)
	all.count(client.Post(s.completions(), "application/json", strings.NewReader(askSum)))
	reload("two", 2)
	call(2)
	all.count(client.Post(s.completions(), "application/json", strings.NewReader(askSum)))
	reload("three", 1)
	all.count(client.Post(s.completions(), "application/json", strings.NewReader(askSum)))
	close(gate)
	wg.Wait()
	if all.answers["200"] != 2 || all.answers[refused] != 3 || len(all.answers) != 2 {
		t.Errorf("answers %v", all.answers)
	}
	eventually(t, "no call is counted", func() bool { return s.sidecar.metric(t, inFlight) == 0 })
}

// TestOpenStreamsHoldNoBodies: after the first event, a stream of a large request holds
// none of it, however long it lives.
func TestOpenStreamsHoldNoBodies(t *testing.T) {
	if testing.Short() {
		t.Skip("a load test: run by make test, not with the race detector")
	}
	const streams, size = 6, 20 * megabyte
	s := start(t, func(*fakebedrock.Request) fakebedrock.Behaviour {
		gate := make(chan struct{}, 2) // messageStart and a text
		gate <- struct{}{}
		gate <- struct{}{}
		context.AfterFunc(t.Context(), func() { close(gate) })
		return fakebedrock.Behaviour{Gate: gate}
	})
	idle := s.sidecar.metric(t, "go_memstats_heap_inuse_bytes")
	for range streams {
		readEvents(t, postReader(t, newClient(false), s.stream(), heldUpload(size, closed()))).next()
	}
	if n := s.sidecar.metric(t, `bedrock_extproc_limit_current{backend="",limit="body_bytes"}`); n != 0 {
		t.Errorf("%d bytes of bodies count", n)
	}
	t.Logf("heap: idle %d MB, now %d MB", idle/megabyte, s.sidecar.metric(t, "go_memstats_heap_inuse_bytes")/megabyte)
	eventually(t, "memory falls back", func() bool {
		return s.sidecar.metric(t, "go_memstats_heap_inuse_bytes") < idle+2*size
	})
}

func closed() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
