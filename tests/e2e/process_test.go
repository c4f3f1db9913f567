package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
)

// process is a sidecar whose log the test reads, and that the test ends.
type process struct {
	*sidecar

	log *bufio.Reader
	// pipe is the end of the log that the test reads.
	pipe *os.File
	// code receives the exit code.
	code chan int
}

// startProcess starts a sidecar and reads its log until it is ready.
func startProcess(t *testing.T, s *sidecar) *process {
	t.Helper()
	pipe, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stderr.Close()
	p := &process{sidecar: s, log: bufio.NewReader(pipe), pipe: pipe, code: make(chan int, 1)}
	go func() {
		err := s.cmd.Wait()
		code := 0
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			code = exit.ExitCode()
		}
		p.code <- code
		close(s.ended)
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.ended
		pipe.Close()
	})
	s.admin = "http://" + p.await(t, "ready").Admin
	return p
}

type logEntry struct {
	Msg, Admin string
	Lines      int
}

// await reads the log up to a line with that message.
func (p *process) await(t *testing.T, msg string) logEntry {
	t.Helper()
	for {
		line, err := p.log.ReadBytes('\n')
		if err != nil {
			t.Fatalf("the log ends before %q: %v", msg, err)
		}
		var entry logEntry
		if json.Unmarshal(line, &entry) == nil && strings.HasPrefix(entry.Msg, msg) {
			return entry
		}
	}
}

// exits waits for the exit code.
func (p *process) exits(t *testing.T, want int, within time.Duration) {
	t.Helper()
	select {
	case code := <-p.code:
		if code != want {
			t.Errorf("exit code %d, want %d", code, want)
		}
	case <-time.After(within):
		t.Errorf("the sidecar has not ended after %v", within)
	}
}

// metric returns the line of a metric.
func (p *process) metric(t *testing.T, name string) string {
	t.Helper()
	resp, err := http.Get(p.admin + "/metrics") //nolint:noctx // on this machine
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// startBehindEnvoy starts a process, with Envoy and a fake Bedrock.
func startBehindEnvoy(t *testing.T, b fakebedrock.Behaviour, flags ...string) (*process, *system) {
	t.Helper()
	s := &system{bedrock: fakebedrock.New(fakebedrock.Config{Script: always(b)})}
	server := httptest.NewServer(s.bedrock)
	t.Cleanup(server.Close)
	p := startProcess(t, newSidecar(t, server.URL, flags...))
	s.envoy = envoytest.Start(t, p.socket, nil)
	return p, s
}

// askAll makes calls of which each must succeed.
func askAll(t *testing.T, s *system, calls int) {
	t.Helper()
	client := newClient(false)
	client.Timeout = 10 * time.Second
	for i := range calls {
		if resp := post(t, client, s.completions(), askSum); resp.StatusCode != http.StatusOK {
			t.Fatalf("call %d: status %d", i, resp.StatusCode)
		}
	}
}

// A reader of the log that goes away costs lines of the log, nothing else.
func TestLogReaderGoes(t *testing.T) {
	p, s := startBehindEnvoy(t, fakebedrock.Behaviour{})
	p.pipe.Close()
	for range 2 {
		p.signal(t, syscall.SIGHUP)
		askAll(t, s, 2)
	}
	if got := p.metric(t, "bedrock_extproc_log_lines_dropped_total"); got == "" || got == "0" {
		t.Errorf("%q dropped lines are counted", got)
	}
	p.signal(t, syscall.SIGTERM)
	p.exits(t, 0, 15*time.Second)
}

// A reader of the log that stands still costs lines of the log, nothing else. When it
// reads on, it learns how many.
func TestLogReaderStalls(t *testing.T) {
	p, s := startBehindEnvoy(t, fakebedrock.Behaviour{}, "-log-level", "debug")
	long := s.url("/" + strings.Repeat("x", 2000)) // each line has the path
	client := newClient(false)
	client.Timeout = 10 * time.Second
	for range 1000 {
		if resp := post(t, client, long, "{}"); resp.StatusCode != http.StatusNotFound {
			t.Fatalf("status %d", resp.StatusCode)
		} else {
			_, _ = io.Copy(io.Discard, resp.Body)
		}
	}
	askAll(t, s, 1)
	dropped := p.metric(t, "bedrock_extproc_log_lines_dropped_total")
	if lost := p.await(t, "log lines dropped").Lines; lost == 0 || fmt.Sprint(lost) != dropped {
		t.Errorf("%s dropped lines are counted, %d are reported", dropped, lost)
	}
	p.signal(t, syscall.SIGTERM)
	p.exits(t, 0, 15*time.Second)
}

// A sidecar whose log is not read ends in time.
func TestDrainWithoutLogReader(t *testing.T) {
	p, s := startBehindEnvoy(t, fakebedrock.Behaviour{})
	client := newClient(false)
	client.Timeout = 10 * time.Second
	for range 200 {
		post(t, client, s.url("/"+strings.Repeat("x", 2000)), "{}")
	}
	p.signal(t, syscall.SIGTERM)
	p.exits(t, 0, 15*time.Second)
}

// Something that hangs, here the reading of the configuration, delays the exit only up
// to the limits.
func TestHardExit(t *testing.T) {
	file := configFile(t, twoRegions)
	p := startProcess(t, newSidecar(t, "http://127.0.0.1:1", "-config", file, "-drain-timeout", "100ms"))
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), os.Rename(pipe, file)); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	writer, err := os.OpenFile(file, os.O_WRONLY, 0) // opens when the sidecar reads
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	p.signal(t, syscall.SIGTERM)
	p.exits(t, 1, 15*time.Second)
	if rest, err := io.ReadAll(p.log); err != nil || !strings.HasSuffix(string(rest), "bedrock-extproc: the sidecar did not end in time; exiting\n") {
		t.Errorf("the log ends with %s, %v", rest, err)
	}
}

// A drain refuses new calls, and ends open answers with an error that clients can read,
// and uploads that stand still. The sidecar then exits with 0.
func TestDrainEndsEverything(t *testing.T) {
	p, s := startBehindEnvoy(t, fakebedrock.Behaviour{Fault: fakebedrock.FaultStall, After: 3}, "-drain-timeout", "2s")
	client := newClient(false)
	events := readEvents(t, post(t, client, s.stream(), askExplain))
	if _, ok := events.next(); !ok {
		t.Fatal("no event")
	}
	reader, writer := io.Pipe()
	defer writer.Close()
	uploaded := make(chan string, 1)
	go func() {
		resp, err := client.Post(s.completions(), "application/json", reader)
		if err != nil {
			uploaded <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		uploaded <- fmt.Sprint(resp.StatusCode, " ", string(body))
	}()
	if _, err := io.WriteString(writer, `{"messages":`); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGTERM)
	p.await(t, "draining")
	if resp, err := http.Get(p.admin + "/readyz"); err != nil || resp.StatusCode != http.StatusServiceUnavailable { //nolint:noctx // on this machine
		t.Errorf("ready while draining: %v", err)
	} else {
		resp.Body.Close()
	}
	if resp := post(t, newClient(true), s.completions(), askSum); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a new call gets %d", resp.StatusCode)
	}
	list := events.all()
	if len(list) == 0 || list[len(list)-1].Error.Type != "draining" {
		t.Errorf("the stream ended with %+v", list)
	}
	if got := <-uploaded; !strings.HasPrefix(got, "503 ") {
		t.Errorf("the upload got %s", got)
	} else {
		t.Log(got)
	}
	p.exits(t, 0, 15*time.Second)
}

// A sidecar without AWS credentials is ready, with a warning. If they are required, it
// is not.
func TestReadyWithoutCredentials(t *testing.T) {
	for want, flag := range map[int]string{200: "-require-credentials=false", 503: "-require-credentials"} {
		s := newSidecar(t, "http://127.0.0.1:1", flag)
		s.cmd.Env = append(s.cmd.Env, "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=")
		p := startProcess(t, s)
		p.await(t, "no AWS credentials")
		resp, err := http.Get(p.admin + "/readyz") //nolint:noctx // on this machine
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != want || !strings.Contains(string(body), `"warnings":["backend default has no AWS credentials`) {
			t.Errorf("%s: %d %s, %v", flag, resp.StatusCode, body, err)
		}
		if got := p.metric(t, `bedrock_extproc_backend_credentials_missing{backend="default"}`); got != "1" {
			t.Errorf("the metric is %q", got)
		}
	}
}

// A second signal ends the process at once.
func TestSecondSignal(t *testing.T) {
	p := startProcess(t, newSidecar(t, "http://127.0.0.1:1", "-drain-delay", "1h"))
	p.signal(t, syscall.SIGTERM)
	p.await(t, "draining")
	p.signal(t, syscall.SIGINT)
	p.exits(t, 128+int(syscall.SIGINT), 15*time.Second)
}
