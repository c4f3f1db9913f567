package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"bedrock-extproc/tests/bedrocktest"
)

// Exit code 2 is that of a wrong command line, for every command.
func TestWrongUsage(t *testing.T) {
	for _, c := range newRoot(streams{env: noEnv}).Commands() {
		for _, args := range [][]string{{c.Name(), "-no-such-flag"}, {c.Name(), "--no-such-flag=1"}, {c.Name(), "a", "b", "c"}} {
			if c.Name() == "chat" && args[1] == "a" {
				continue // the words of a prompt
			}
			code, stdout, stderr := runProgram(t, args...)
			if code != 2 || stdout != "" || !strings.HasPrefix(stderr, "bedrock-extproc "+c.Name()+": ") || !strings.Contains(stderr, "--help") {
				t.Errorf("%v: exit code %d, %s%s", args, code, stdout, stderr)
			}
		}
	}
}

// A flag may have one hyphen or two, before and after arguments. Values are left alone.
func TestLongFlags(t *testing.T) {
	for _, c := range [][2]string{
		{"serve -listen x --admin y", "serve --listen x --admin y"},
		{"serve -listen=-x -tls-cert f", "serve --listen=-x --tls-cert f"},
		{"-listen x", "serve --listen x"},
		{"", "serve"},
		{"-h", "-h"},
		{"-help", "--help"},
		{"--version", "version"},
		{"version -o json", "version -o json"},
		{"doctor -config-dump - -H A:b -- -x", "doctor --config-dump - -H A:b -- -x"},
		{"__complete serve -lis", "__complete serve -lis"},
	} {
		if got := strings.Join(withCommand(longFlags(strings.Fields(c[0]))), " "); got != c[1] {
			t.Errorf("%q: %q, want %q", c[0], got, c[1])
		}
	}
}

// noEnv is an empty environment.
func noEnv(string) (string, bool) { return "", false }

// runProgram runs a command line with an empty environment and no input.
func runProgram(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	code = run(t.Context(), args, streams{noEnv, strings.NewReader(""), &out, &err})
	return code, out.String(), err.String()
}

// Misspelt variables are named with a suggestion and without their values. Those of
// Kubernetes and Docker for a service of that name are not.
func TestUnknownVariables(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	var opts options
	var flags pflag.FlagSet
	opts.define(&flags)
	warnUnknownVariables(&flags, []string{
		"BEDROCK_EXTPROC_DRAIN_DELEY=1s", "BEDROCK_EXTPROC_SOMETHING_ELSE_ALTOGETHER=secret", "BEDROCK_EXTPROC_LISTEN=x", "PATH=/bin",
		"BEDROCK_EXTPROC_SERVICE_HOST=10.0.0.1", "BEDROCK_EXTPROC_SERVICE_PORT=9002", "BEDROCK_EXTPROC_SERVICE_PORT_GRPC=9002", "BEDROCK_EXTPROC_PORT=tcp://10.0.0.1:9002",
		"BEDROCK_EXTPROC_PORT_9002_TCP=tcp://10.0.0.1:9002", "BEDROCK_EXTPROC_PORT_9002_TCP_ADDR=10.0.0.1",
	}, zap.New(core))
	var got []map[string]any
	for _, entry := range logs.All() {
		got = append(got, entry.ContextMap())
	}
	want := []map[string]any{
		{"variable": "BEDROCK_EXTPROC_DRAIN_DELEY", "did_you_mean": "BEDROCK_EXTPROC_DRAIN_DELAY"},
		{"variable": "BEDROCK_EXTPROC_SOMETHING_ELSE_ALTOGETHER"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// lines receives the lines of a log.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// serve says at its start whose credentials it has, before any call.
func TestServeSaysItsOwner(t *testing.T) {
	bedrocktest.Isolate(t)
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn>`+
			`<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	defer sts.Close()
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
	t.Setenv("BEDROCK_EXTPROC_DRAIN_DELEY", "1s")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := make(lines, 64)
	ended := make(chan int, 1)
	args := []string{"-listen", "unix://" + filepath.Join(t.TempDir(), "s"), "-admin", "", "-drain-delay", "0s"}
	go func() { ended <- run(ctx, args, streams{os.LookupEnv, strings.NewReader(""), io.Discard, log}) }()
	wanted := []string{"did_you_mean", `"source":"environment","access_key_id":"AKID…","account":"123456789012","arn":"arn:aws:iam::123456789012:user/ann"`}
	for deadline := time.After(10 * time.Second); len(wanted) > 0; {
		select {
		case line := <-log:
			wanted = slices.DeleteFunc(wanted, func(part string) bool { return strings.Contains(line, part) })
			if strings.Contains(line, "sidecar-secret") {
				t.Errorf("a secret: %s", line)
			}
		case code := <-ended:
			t.Fatalf("serve ended: exit code %d", code)
		case <-deadline:
			t.Fatalf("not said: %v", wanted)
		}
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}
