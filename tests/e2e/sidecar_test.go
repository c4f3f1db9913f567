package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
)

// program and issuer are the binaries of the sidecar and of the examples' issuer.
var program, issuer string

func TestMain(m *testing.M) {
	os.Exit(envoytest.Main(m, func(dir string) {
		program, issuer = filepath.Join(dir, "bedrock-extproc"), filepath.Join(dir, "issuer")
	},
		envoytest.Build{Args: append(buildFlags, "bedrock-extproc/cmd/bedrock-extproc", "bedrock-extproc/tests/fakebedrock/cmd/fakebedrock", "bedrock-extproc/examples/envoy/issuer")}))
}

// maxLog bounds the kept part of a sidecar's log, and maxPrinted what a failed test
// prints of it. A soak writes hundreds of megabytes.
const maxLog, maxPrinted = 4 << 20, 64 << 10

// sidecar is a running bedrock-extproc.
type sidecar struct {
	cmd    *exec.Cmd
	socket string // unix:///…
	admin  string // http://127.0.0.1:port
	ended  chan struct{}

	mu  sync.Mutex
	log []byte // its end, of at most maxLog bytes
}

// newSidecar returns a sidecar with the Bedrock endpoint bedrock, which the caller
// starts.
func newSidecar(t testing.TB, bedrock string, flags ...string) *sidecar {
	t.Helper()
	// t.TempDir can be too long for a socket path.
	dir, err := os.MkdirTemp("", "e2e-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &sidecar{socket: "unix://" + filepath.Join(dir, "s.sock"), ended: make(chan struct{})}
	args := append([]string{"serve", "-listen", s.socket, "-admin", "127.0.0.1:0", "-drain-delay", "0s"}, flags...)
	s.cmd = exec.Command(program, args...)
	s.cmd.Env = append(os.Environ(),
		"AWS_ENDPOINT_URL_BEDROCK_RUNTIME="+bedrock, "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID="+fakebedrock.DemoAccessKeyID, "AWS_SECRET_ACCESS_KEY="+fakebedrock.DemoSecretAccessKey,
		"AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_BEARER_TOKEN_BEDROCK=", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
	return s
}

// startSidecar starts the sidecar with the Bedrock endpoint bedrock and waits until it
// is ready.
func startSidecar(t testing.TB, bedrock string, flags ...string) *sidecar {
	t.Helper()
	s := newSidecar(t, bedrock, flags...)
	s.start(t)
	return s
}

// start starts the process and waits until it is ready.
func (s *sidecar) start(t testing.TB) {
	t.Helper()
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go s.follow(stderr, ready)
	t.Cleanup(func() { s.stop(t) })
	select {
	case address := <-ready:
		s.admin = "http://" + address
	case <-s.ended:
		t.Fatalf("the sidecar ended:\n%s", s.logged())
	case <-time.After(20 * time.Second):
		t.Fatalf("the sidecar is not ready:\n%s", s.logged())
	}
}

// follow collects the log, and sends the admin address from the "ready" line.
func (s *sidecar) follow(r io.Reader, ready chan<- string) {
	defer close(s.ended)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.mu.Lock()
		if len(s.log) > maxLog {
			s.log = append([]byte(nil), s.log[maxLog/2:]...)
		}
		s.log = append(append(s.log, lines.Bytes()...), '\n')
		s.mu.Unlock()
		var entry struct{ Msg, Admin string }
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Msg == "ready" {
			ready <- entry.Admin
		}
	}
}

func (s *sidecar) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.log)
}

// kill kills the process, like a crash.
func (s *sidecar) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
	_ = s.cmd.Wait()
}

func (s *sidecar) signal(t *testing.T, sig os.Signal) {
	t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
}

// stop stops the process, and prints its log if the test failed.
func (s *sidecar) stop(t testing.TB) {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second):
		t.Error("the sidecar does not end on SIGTERM")
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
	_ = s.cmd.Wait()
	if t.Failed() {
		log := s.logged()
		t.Logf("sidecar:\n%s", log[max(0, len(log)-maxPrinted):])
	}
}
