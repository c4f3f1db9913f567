package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bedrock-extproc/tests/envoytest"
	"bedrock-extproc/tests/fakebedrock"
	"bedrock-extproc/tests/page"
)

// freePort returns a port that was just free.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// output collects a process's output. It is safe for concurrent use.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// runCommand is "bedrock-extproc run" on these ports: of the listener, Envoy's admin
// interface, the sidecar's and the stand-in.
func runCommand(t *testing.T, ports [4]int, flags ...string) *exec.Cmd {
	t.Helper()
	return exec.Command(program, append([]string{
		"run", "--envoy", envoytest.Binary(t), "--port", fmt.Sprint(ports[0]), "--envoy-admin-port", fmt.Sprint(ports[1]),
		"--admin-port", fmt.Sprint(ports[2]), "--bedrock-port", fmt.Sprint(ports[3]),
	}, flags...)...)
}

// started starts a command, and returns its output and its end.
func started(t *testing.T, cmd *exec.Cmd) (*output, <-chan error) {
	t.Helper()
	out, ended := &output{}, make(chan error, 1)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { ended <- cmd.Wait() }()
	return out, ended
}

// awsEnvironment is the test's environment with the keys that the fake Bedrock knows, and
// no other setting of an AWS account.
func awsEnvironment(region string) []string {
	return append(os.Environ(), "AWS_REGION="+region,
		"AWS_ACCESS_KEY_ID="+fakebedrock.DemoAccessKeyID, "AWS_SECRET_ACCESS_KEY="+fakebedrock.DemoSecretAccessKey,
		"AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_BEARER_TOKEN_BEDROCK=", "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)
}

// TestRun starts everything, sends a request, and stops with each signal. No process
// may be left.
func TestRun(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			ports := [4]int{freePort(t), freePort(t), freePort(t), freePort(t)}
			system := runCommand(t, ports)
			out, ended := started(t, system)
			waitFor(t, out, "Ready:", ended)
			a := decode(t, post(t, newClient(false), fmt.Sprintf("http://127.0.0.1:%d/api/v1/llm/completions", ports[0]), askSum))
			if !strings.Contains(a.Content, "4") {
				t.Errorf("answer %+v", a)
			}
			if err := system.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Errorf("run ended with %v\n%s", err, out.String())
				}
			case <-time.After(30 * time.Second):
				_ = system.Process.Kill()
				t.Fatalf("run does not end\n%s", out.String())
			}
			for _, port := range ports {
				if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err != nil {
					t.Errorf("something still listens on port %d: %v", port, err)
				} else {
					l.Close()
				}
			}
		})
	}
}

// TestRunSaysTheAccount starts with --aws and a fake of each AWS service: the output
// names the account and its alias, as in the quick start.
func TestRunSaysTheAccount(t *testing.T) {
	awsService := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("Action") == "ListAccountAliases" {
			fmt.Fprint(w, `<ListAccountAliasesResponse><ListAccountAliasesResult><AccountAliases><member>my-team</member></AccountAliases></ListAccountAliasesResult></ListAccountAliasesResponse>`)
			return
		}
		fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/ann</Arn><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
	}))
	defer awsService.Close()
	system := runCommand(t, [4]int{freePort(t), freePort(t), freePort(t), freePort(t)}, "--aws")
	system.Env = append(awsEnvironment("us-west-2"), "AWS_ENDPOINT_URL_STS="+awsService.URL, "AWS_ENDPOINT_URL_IAM="+awsService.URL, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME=")
	out, ended := started(t, system)
	shown := regexp.MustCompile(`(?m)^aws     \| .*`).FindAllString(page.Read(t, quickStart), -1)
	if len(shown) != 3 {
		t.Fatalf("the quick start shows %q", shown)
	}
	for _, line := range shown {
		waitFor(t, out, strings.TrimSuffix(line, "…"), ended)
	}
	waitFor(t, out, "Ready:", ended)
	if err := system.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("run ended with %v\n%s", err, out.String())
	}
	if strings.Contains(out.String(), fakebedrock.DemoSecretAccessKey) {
		t.Error("a secret in the output")
	}
}

// TestRunNamesABusyPort checks that the error names the port and its flag.
func TestRunNamesABusyPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	out, err := runCommand(t, [4]int{port, freePort(t), freePort(t), freePort(t)}).CombinedOutput()
	if want := fmt.Sprintf("port %d cannot be used", port); err == nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), "--port (make run PORT=") {
		t.Errorf("%v: %s", err, out)
	}
}

func waitFor(t *testing.T, out *output, text string, ended <-chan error) {
	t.Helper()
	deadline := time.After(40 * time.Second)
	for !strings.Contains(out.String(), text) {
		select {
		case err := <-ended:
			t.Fatalf("run ended: %v\n%s", err, out.String())
		case <-deadline:
			t.Fatalf("no %q in\n%s", text, out.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TestAdminPort checks probes and metrics on the sidecar's admin port.
func TestAdminPort(t *testing.T) {
	s := start(t, nil)
	post(t, newClient(false), s.completions(), askSum)
	for path, want := range map[string]string{
		"/healthz": `{"status":"ok"}`,
		"/readyz":  `{"status":"ok","checks":{"config":"ok","llm/default":"ok"}}`,
		"/metrics": `bedrock_extproc_requests_total{api="gateway",error="",status="200",streaming="false",tenant=""}`,
	} {
		if body := fetchPage(t, s.sidecar.admin+path); !strings.Contains(body, want) {
			t.Errorf("%s: no %s in %.300s", path, want, body)
		}
	}
}
