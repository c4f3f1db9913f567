package kubernetes

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// answers makes a call through Envoy and checks its access log entry.
func answers(t *testing.T, s *site, envoy *process) {
	t.Helper()
	body := ask(t, s, "completions", `{"messages": [{"role": "user", "content": "What is 2+2?"}]}`)
	var answer struct{ Content string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Content != "2 + 2 = 4." {
		t.Errorf("the answer is %s, %v", body, err)
	}
	envoy.await(t, func() error {
		for line := range strings.Lines(readFile(t, envoy.output)) {
			if strings.Contains(line, `"output_tokens":8`) && strings.Contains(line, `"backend":"bedrock-us"`) {
				return nil
			}
		}
		return errors.New("the access log has no line with the answer's facts")
	})
}

// ask makes a call and returns the body. The status must be 200.
func ask(t *testing.T, s *site, path, body string) string {
	t.Helper()
	resp, err := http.Post("http://"+s.address("8000")+"/api/v1/llm/"+path, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %s", resp.Status, err, text)
	}
	return string(text)
}

// stream returns the first line of a streamed answer; rest receives the rest at its
// end.
func stream(t *testing.T, s *site, body string) (first string, rest <-chan string) {
	t.Helper()
	resp, err := http.Post("http://"+s.address("8000")+"/api/v1/llm/completions/stream", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	reader := bufio.NewReader(resp.Body)
	if first, err = reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	end := make(chan string, 1)
	go func() {
		text, err := io.ReadAll(reader)
		if err != nil {
			text = append(text, err.Error()...)
		}
		end <- string(text)
	}()
	return first, end
}

// awaitDefault waits until backend is the default backend.
func (s *site) awaitDefault(t *testing.T, backend string) {
	t.Helper()
	until(t, func() error {
		page, err := get("http://" + s.address("8000") + "/api/v1/providers")
		if err == nil && !strings.Contains(page, `"default":"`+backend+`"`) {
			err = fmt.Errorf("the providers are still %s", page)
		}
		return err
	})
}

// closes reports whether Envoy closes the connection after a response.
func closes(t *testing.T, s *site) bool {
	t.Helper()
	resp, err := http.Get("http://" + s.address("8000") + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.Close
}
