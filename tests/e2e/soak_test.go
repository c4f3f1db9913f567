package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
)

var soakTime = flag.Duration("soak", 10*time.Second, "how long TestSoak runs")

// soakClients is the number of clients that call at the same time.
const soakClients = 12

// soakPause is the longest time between two calls of a client.
const soakPause = 50 * time.Millisecond

// TestSoak mixes good calls, faults, clients that leave, large bodies, reloads and
// credentials that rotate and expire. At the end every result is explained, nothing is
// open, and memory is flat. "make soak" runs it for 20 minutes.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("a load test: run by make test, not with the race detector")
	}
	t.Logf("%v with %d clients", *soakTime, soakClients)
	file := configFile(t, soakConfig(0))
	s, rotations := startSoak(t, file)
	ctx, stop := context.WithTimeout(t.Context(), *soakTime)
	defer stop()
	var book soakBook
	samples := s.sample(ctx, t)
	var clients sync.WaitGroup
	for i := range soakClients {
		clients.Go(func() { book.client(ctx, s, i) })
	}
	reloads := 0
	for tick := time.NewTicker(max(*soakTime/100, 2*time.Second)); ctx.Err() == nil; {
		select {
		case <-tick.C:
			reloads++
			replaceConfig(t, file, soakConfig(reloads))
			if reloads%2 == 0 {
				s.sidecar.signal(t, syscall.SIGHUP)
			}
		case <-ctx.Done():
			tick.Stop()
		}
	}
	clients.Wait()
	s.checkIdle(t)
	usage := <-samples
	usage = append(usage, s.usage(t))
	t.Logf("calls\n%s%d reloads, %d rotations of credentials\n%s", book.table(), reloads, rotations.Load(), usage.table())
	for _, problem := range append(book.problems(), usage.problems()...) {
		t.Error(problem)
	}
}

// soakConfig is a configuration with an alias that changes.
func soakConfig(version int) string {
	return fmt.Sprintf(`providers:
  llm:
    backend: BedrockConverseProvider
    config:
      region: us-east-1
      models: {version-%d: us.amazon.nova-micro-v1:0}
bedrock_extproc:
  timeouts: {first_event: 5s, reply: 5s, silence: 5s}
  retry: {base_delay: 1ms}
  cool_down: {first: 1ms, max: 1ms}
`, version)
}

// startSoak starts a system whose sidecar gets its credentials from an endpoint that
// rotates them.
func startSoak(t *testing.T, config string) (s *system, rotations *atomic.Int64) {
	t.Helper()
	rotations = new(atomic.Int64)
	credentials := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		key := fakebedrock.DemoSessionKeyID
		if rotations.Add(1)%3 == 1 {
			key = fakebedrock.DemoExpiredKeyID // AWS rejects it, so the sidecar fetches again
		}
		_, _ = fmt.Fprintf(w, `{"AccessKeyId":%q,"SecretAccessKey":%q,"Token":%q,"Expiration":%q}`, key, fakebedrock.DemoSecretAccessKey,
			fakebedrock.DemoSessionToken, time.Now().Add(5*time.Minute+10*time.Second).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(credentials.Close)
	s = &system{bedrock: fakebedrock.New(fakebedrock.Config{KeepCalls: -1})}
	server := httptest.NewServer(s.bedrock)
	t.Cleanup(server.Close)
	s.sidecar = newSidecar(t, server.URL, "-config", config)
	s.sidecar.cmd.Env = append(s.sidecar.cmd.Env,
		"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_CONTAINER_CREDENTIALS_FULL_URI="+credentials.URL)
	s.sidecar.start(t)
	s.envoy = envoytest.Start(t, s.sidecar.socket, nil)
	return s, rotations
}

// soakBook counts results by what was done. It is safe for concurrent use. Its zero
// value is empty.
type soakBook struct {
	mu      sync.Mutex
	calls   map[string]int
	unknown []string
}

func (b *soakBook) record(what string, got, want seen) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls == nil {
		b.calls = map[string]int{}
	}
	b.calls[what]++
	if got.String() != want.String() {
		b.unknown = append(b.unknown, fmt.Sprintf("%s: %v, want %v", what, got, want))
	}
}

func (b *soakBook) table() string {
	var text strings.Builder
	for _, what := range slices.Sorted(maps.Keys(b.calls)) {
		fmt.Fprintf(&text, "%8d %s\n", b.calls[what], what)
	}
	return text.String()
}

func (b *soakBook) problems() []error {
	var problems []error
	for _, text := range b.unknown[:min(len(b.unknown), 10)] {
		problems = append(problems, errors.New(text))
	}
	if len(b.calls) == 0 {
		problems = append(problems, errors.New("no call was made"))
	}
	return problems
}

// client makes calls until ctx ends.
func (b *soakBook) client(ctx context.Context, s *system, number int) {
	client := newClient(number%2 == 0)
	faults := allFaults()
	for n := 0; ctx.Err() == nil; n++ {
		api, streamed := apis[rand.IntN(len(apis))], rand.IntN(2) == 0
		ask := soakAsk{api: api, streamed: streamed, system: s, client: client, id: fmt.Sprintf("soak-%d-%d", number, n)}
		switch dice := rand.IntN(10); {
		case dice < 2:
			b.leave(ctx, ask)
		case dice < 5:
			b.fault(ask, faults[rand.IntN(len(faults))])
		default:
			got := ask.do(context.WithoutCancel(ctx), fault{})
			b.record(api.name+", "+shapeName(streamed), got, ok(streamed))
		}
		time.Sleep(time.Duration(rand.IntN(int(soakPause)))) // leaves the machine some room
	}
}

// leave makes a call and leaves during it.
func (b *soakBook) leave(ctx context.Context, ask soakAsk) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Duration(rand.IntN(30_000))*time.Microsecond)
	defer cancel()
	got := ask.do(ctx, fault{knobs: "pace=5ms"})
	b.record(ask.api.name+", client leaves", got, got) // it sees nothing, or a part
}

// fault makes a call that fails as in the matrix, where the default backend can.
func (b *soakBook) fault(ask soakAsk, f fault) {
	want := f.whole
	if ask.streamed {
		want = f.streamed
	}
	if want == nil || f.backend != "" || f.slow {
		return
	}
	b.record(ask.api.name+", "+f.name, ask.do(context.Background(), f), ask.api.expect(*want))
}

// soakAsk is one call.
type soakAsk struct {
	api      api
	streamed bool
	system   *system
	client   *http.Client
	id       string
}

func (a soakAsk) do(ctx context.Context, f fault) seen {
	req, err := a.api.newRequest(ctx, a.system, f, a.streamed, a.id)
	if err != nil {
		return seen{kind: err.Error()}
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return seen{}
	}
	defer func() {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}()
	return a.api.read(resp, func() {})
}
