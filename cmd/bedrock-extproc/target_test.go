package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Headers come from flags and from files. An error does not quote them: they may be
// secret.
func TestHeaders(t *testing.T) {
	file := written(t, "headers.txt", []byte("Authorization: Bearer secret\n\nX-Provider-LLM:eu\r\n"))
	got, err := readHeaders([]string{"X-A: 1", "X-A: b:2", "@" + file})
	if err != nil {
		t.Fatal(err)
	}
	want := http.Header{"X-A": {"1", "b:2"}, "Authorization": {"Bearer secret"}, "X-Provider-Llm": {"eu"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"secret", "@" + written(t, "bad.txt", []byte("secret\n")), "@no-such-file"} {
		if _, err := readHeaders([]string{bad}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// chat sends its headers, and a signal that ends it is its exit code.
func TestChatIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Provider-LLM") != "eu" || r.Host != "llm.example" {
			t.Errorf("host %q, headers %v", r.Host, r.Header)
		}
		_, _ = io.Copy(io.Discard, r.Body) // net/http notices a disconnect only then
		cancel(signalError{syscall.SIGINT})
		<-r.Context().Done()
	}))
	defer s.Close()
	var out, errs strings.Builder
	code := run(ctx, []string{"chat", "--url", s.URL, "-H", "X-Provider-LLM: eu", "-H", "Host: llm.example", "hi"}, streams{noEnv, strings.NewReader(""), &out, &errs})
	if code != 130 || out.Len() > 0 || errs.Len() > 0 {
		t.Errorf("exit code %d, %s%s", code, out.String(), errs.String())
	}
}

// A command line that cannot work is refused before any call.
func TestTargetIsChecked(t *testing.T) {
	for _, args := range [][]string{
		{"chat", "--url", "localhost:8000", "hi"},
		{"chat", "--url", "ftp://localhost", "hi"},
		{"chat", "--api", "bedrock", "hi"},
		{"chat", "--api", "soap", "hi"},
		{"chat", "-H", "nonsense", "hi"},
		{"chat"},
		{"bench", "http://127.0.0.1:1", "--rate", "NaN"},
		{"bench", "http://127.0.0.1:1", "--rate", "10001"},
		{"bench", "http://127.0.0.1:1", "--warm-up=-1s"},
		{"bench", "http://127.0.0.1:1", "--direct", "http://127.0.0.1:1"},
		{"bench"},
	} {
		if code, stdout, stderr := runProgram(t, args...); code != 2 || stdout != "" || !strings.Contains(stderr, "--help") {
			t.Errorf("%v: exit code %d, %s%s", args, code, stdout, stderr)
		}
	}
}
