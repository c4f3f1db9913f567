package e2e

import (
	"bytes"
	"flag"
	"fmt"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"

	"bedrock-extproc/tests/fakebedrock"
)

// hammerCalls can be set for a longer run: go test -race -run Hammer ./tests/e2e -hammer 800000.
var hammerCalls = flag.Int("hammer", 4000, "calls of TestHammer")

// TestHammer calls all APIs at once for two callers, whole and streamed: each call is signed
// with its caller's keys, which the fake Bedrock verifies, and gets its own answer.
func TestHammer(t *testing.T) {
	callers := []fakebedrock.Identity{
		{AccessKeyID: "AKIDONE", SecretAccessKey: "secret-one"},
		{AccessKeyID: "ASIATWO", SecretAccessKey: "secret-two", SessionToken: "token-two"},
	}
	bedrock := fakebedrock.New(fakebedrock.Config{
		MinDelay: -1, KeepCalls: -1, IgnoreKnobs: true, Identities: callers,
		Script: func(r *fakebedrock.Request) fakebedrock.Behaviour {
			said := saidWords.Find(r.Body)
			if !bytes.HasPrefix(said, []byte("said-"+r.AccessKeyID+"-")) {
				t.Errorf("signed by %s: %s", r.AccessKeyID, r.Body)
			}
			return echo(string(said))
		},
	})
	server := httptest.NewServer(bedrock)
	t.Cleanup(server.Close)
	s := startSidecar(t, server.URL)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		client := s.dial(t)
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < *hammerCalls && !t.Failed(); i = int(next.Add(1)) - 1 {
				api, caller, streamed := apis[i%len(apis)], callers[i/4%2], i/8%2 == 0
				said := fmt.Sprintf("said-%s-%d-", caller.AccessKeyID, i)
				path, body := api.request(faultModel, streamed)
				messages := directRequest(filterv3.ProcessingMode_FULL_DUPLEX_STREAMED, path, []byte(strings.Replace(body, "Explain quantum computing", said, 1)))
				addHeaders(messages[0], "x-aws-access-key-id", caller.AccessKeyID, "x-aws-secret-access-key", caller.SecretAccessKey, "x-aws-session-token", caller.SessionToken)
				if got, err := readDirect(t.Context(), client, messages); err != nil || strings.Count(got, said) == 0 || strings.Count(got, "said-") != strings.Count(got, said) {
					t.Errorf("call %d of %s: %v, %.500s", i, api.name, err, got)
				}
			}
		})
	}
	wg.Wait()
}

var saidWords = regexp.MustCompile(`said-[A-Z]+-\d+-`)

// echo is an answer with that text, in one event of a stream.
func echo(text string) fakebedrock.Behaviour {
	return fakebedrock.Behaviour{Answer: fakebedrock.Answer{Text: text}, Events: []fakebedrock.Event{
		{Type: "messageStart", Members: map[string]any{"role": "assistant"}},
		{Type: "contentBlockDelta", Members: map[string]any{"contentBlockIndex": 0, "delta": map[string]any{"text": text}}},
		{Type: "contentBlockStop", Members: map[string]any{"contentBlockIndex": 0}},
		{Type: "messageStop", Members: map[string]any{"stopReason": "end_turn"}},
		{Type: "metadata", Members: map[string]any{"usage": map[string]any{"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}}},
	}}
}
