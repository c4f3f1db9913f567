package e2e

import (
	"fmt"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"

	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"

	"bedrock-extproc/tests/fakebedrock"
)

// TestWithoutDescriptors: calls beyond the file descriptors of the process are refused, and
// it works again when others have ended.
func TestWithoutDescriptors(t *testing.T) {
	const calls, limit = 100, 60
	gate := make(chan struct{})
	bedrock := fakebedrock.New(fakebedrock.Config{Script: always(fakebedrock.Behaviour{Gate: gate})})
	server := httptest.NewServer(bedrock)
	t.Cleanup(server.Close)
	s := newSidecar(t, server.URL)
	limited := exec.Command("sh", append([]string{"-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, limit)}, s.cmd.Args...)...)
	limited.Env, s.cmd = s.cmd.Env, limited
	s.start(t)
	client := s.dial(t)
	request := directRequest(filterv3.ProcessingMode_FULL_DUPLEX_STREAMED, "/api/v1/llm/completions", []byte(askSum))
	var mu sync.Mutex
	answers := map[string]int{}
	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() {
			got, err := askDirect(t.Context(), client, request)
			if err != nil {
				t.Error(err)
			}
			if strings.HasPrefix(got, "503 ") && strings.Contains(got, `"cannot_connect"`) {
				got = "cannot_connect"
			}
			mu.Lock()
			defer mu.Unlock()
			answers[got]++
		})
	}
	eventually(t, "all calls have an answer, or wait for Bedrock", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return answers["cannot_connect"]+bedrock.InFlight() == calls
	})
	close(gate)
	wg.Wait()
	if answers["200"] == 0 || answers["cannot_connect"] == 0 || len(answers) != 2 {
		t.Errorf("answers %v", answers)
	}
	if got, err := askDirect(t.Context(), client, request); got != "200" || err != nil {
		t.Errorf("the next call: %s, %v", got, err)
	}
}
