package bedrock

import (
	"bytes"
	"flag"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"bedrock-extproc/tests/bedrocktest"
	"bedrock-extproc/tests/fakebedrock"
	"bedrock-extproc/translator"
)

// hammerCalls can be set for a longer run: go test -race -run Hammer -hammer 100000.
var hammerCalls = flag.Int("hammer", 20000, "calls of TestHammer")

// Concurrent calls of two identities in two regions, over real connections: each is
// signed with its own keys for its own region, which the fake Bedrock verifies, and
// gets its own answer.
func TestHammer(t *testing.T) {
	bedrocktest.Isolate(t)
	calls := *hammerCalls
	if testing.Short() {
		calls = min(calls, 1000)
	}
	callers := []translator.Caller{
		{AccessKeyID: "AKIDONE", SecretAccessKey: "secret-one"},
		{AccessKeyID: "ASIATWO", SecretAccessKey: "secret-two", SessionToken: "token-two"},
	}
	cfg := Config{Retry: Retry{Attempts: 1}}
	for _, region := range []string{"us-west-2", "eu-west-1"} {
		fake := fakebedrock.New(fakebedrock.Config{
			MinDelay: -1, KeepCalls: -1, Region: region, IgnoreKnobs: true,
			Identities: []fakebedrock.Identity{
				{AccessKeyID: callers[0].AccessKeyID, SecretAccessKey: callers[0].SecretAccessKey},
				{AccessKeyID: callers[1].AccessKeyID, SecretAccessKey: callers[1].SecretAccessKey, SessionToken: callers[1].SessionToken},
			},
			Script: func(r *fakebedrock.Request) fakebedrock.Behaviour {
				said := fmt.Sprintf("%s in %s", r.AccessKeyID, r.Region)
				if !bytes.Contains(r.Body, []byte(said)) {
					t.Errorf("signed by %s: %s", said, r.Body)
				}
				_, text, _ := bytes.Cut(r.Body, []byte(`"text":"`))
				text, _, _ = bytes.Cut(text, []byte(`"`))
				return fakebedrock.Behaviour{Answer: fakebedrock.Answer{Text: string(text)}, Pace: -1}
			},
		})
		server := httptest.NewServer(fake)
		defer server.Close()
		cfg.Backends = append(cfg.Backends, BackendConfig{Name: region, Region: region, EndpointURL: server.URL})
	}
	bs, err := New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer bs.CloseIdleConnections()
	var next atomic.Int64
	var group sync.WaitGroup
	for range 8 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= calls || t.Failed() {
					return
				}
				hammer(t, bs.list[i%2], callers[i/2%2], i)
			}
		})
	}
	group.Wait()
}

// hammer makes call i. Half of the calls are streamed.
func hammer(t *testing.T, b *Backend, who translator.Caller, i int) {
	said := fmt.Sprintf("%s in %s, call %d.", who.AccessKeyID, b.Region(), i)
	c := call("us.anthropic.claude-sonnet-4-20250514-v1:0", fmt.Sprintf(`{"messages":[{"role":"user","content":[{"text":%q}]}]}`, said))
	if i%8 >= 4 {
		raw, facts, err := b.Converse(t.Context(), c, who)
		if err != nil || !strings.Contains(string(raw), said) || facts.Region != b.Region() || facts.Attempts != 1 {
			t.Errorf("call %d: %s, %+v, %v", i, raw, facts, err)
		}
		return
	}
	events, _, err := collect(t.Context(), b, c, who)
	var text strings.Builder
	for _, ev := range events {
		_, rest, _ := strings.Cut(ev.Payload, `"delta":{"text":"`)
		piece, _, _ := strings.Cut(rest, `"`)
		text.WriteString(piece)
	}
	if err != nil || text.String() != said {
		t.Errorf("call %d: %q, %v", i, text.String(), err)
	}
}
