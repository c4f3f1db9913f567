package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bedrock-extproc/tests/fakebedrock"
)

// TestConcurrentStreams keeps 2,000 streams open at once; none may fail. Envoy's default
// limit per cluster is 1,024.
func TestConcurrentStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("a load test: run by make test, not with the race detector")
	}
	const streams = 2000
	gate := make(chan struct{})
	s := start(t, always(fakebedrock.Behaviour{Gate: gate}))
	transport := newClient(true).Transport.(*http.Transport)
	client := &http.Client{Transport: transport, Timeout: 2 * time.Minute}

	var wg sync.WaitGroup
	failures := make(chan error, streams)
	for range streams {
		wg.Go(func() {
			if err := oneStream(client, s.stream()); err != nil {
				failures <- err
			}
		})
	}
	for deadline := time.Now().Add(time.Minute); s.bedrock.InFlight() < streams; {
		if time.Now().After(deadline) {
			t.Errorf("only %d of %d streams are open at once", s.bedrock.InFlight(), streams)
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	close(gate)
	wg.Wait()
	close(failures)
	for err := range failures {
		t.Fatalf("%v; and %d more failures", err, len(failures))
	}
}

// oneStream reads a stream, which must succeed.
func oneStream(client *http.Client, url string) error {
	resp, err := client.Post(url, "application/json", strings.NewReader(askSum))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`"type":"message_stop"`)) || !bytes.Contains(body, []byte(`"type":"metadata"`)) {
		return fmt.Errorf("status %d: %.300s", resp.StatusCode, body)
	}
	return nil
}
