package e2e

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"bedrock-extproc/tests/fakebedrock"
	"bedrock-extproc/tests/readme"
)

// TestReadmeCommands runs every command of the README against what its first one starts. The
// outputs are those with the pinned Envoy: doctor warns of older ones.
func TestReadmeCommands(t *testing.T) {
	if v := os.Getenv("ENVOY_VERSION"); v != "" {
		t.Skipf("Envoy %s was chosen; make test compares the README with the pinned one", v)
	}
	ports := [4]int{freePort(t), freePort(t), freePort(t), freePort(t)}
	runPage(t, "../../README.md", ports, runCommand(t, ports))
}

// quickStart is the page about the real Amazon Bedrock.
const quickStart = "../../docs/quickstart.md"

// TestQuickStartCommands runs the commands of the quick start as its reader does, except
// that the fake Bedrock answers.
func TestQuickStartCommands(t *testing.T) {
	bedrock := httptest.NewServer(fakebedrock.New(fakebedrock.Config{}))
	defer bedrock.Close()
	ports := [4]int{freePort(t), freePort(t), freePort(t), freePort(t)}
	system := runCommand(t, ports, "--aws")
	system.Env = append(awsEnvironment("us-west-2"), "AWS_ENDPOINT_URL_BEDROCK_RUNTIME="+bedrock.URL)
	runPage(t, quickStart, ports, system)
}

// runPage runs the commands of a page while a system runs that listens on ports, and
// compares their outputs with those that the page shows.
func runPage(t *testing.T, file string, ports [4]int, system *exec.Cmd) {
	t.Helper()
	out, ended := started(t, system)
	defer func() {
		_ = system.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			t.Errorf("run ended with %v\n%s", err, out.String())
		}
	}()
	waitFor(t, out, "Ready:", ended)
	local := localCommands(ports)
	for _, step := range readme.Steps(t, file) {
		got := shell(t, fmt.Sprintf("%s:%d", file, step.Line), local.Replace(step.Command), system.Env)
		if !step.Prints.Expected(got) {
			t.Errorf("%s:%d: the output is\n%s", file, step.Prints.Line, got)
		}
		if strings.HasPrefix(step.Command, "make run") && !strings.Contains(got, "bin/bedrock-extproc run") {
			t.Errorf("%s:%d: make runs\n%s", file, step.Line, got)
		}
	}
}

// localCommands changes commands of a page so that they reach the test's processes, and so
// that make only prints what it would run: the system does run.
func localCommands(ports [4]int) *strings.Replacer {
	return strings.NewReplacer(
		"localhost:8000", fmt.Sprintf("localhost:%d", ports[0]), "localhost:9003", fmt.Sprintf("localhost:%d", ports[2]),
		"bin/bedrock-extproc doctor", fmt.Sprintf("%s doctor -envoy-admin http://127.0.0.1:%d", program, ports[1]),
		"bin/bedrock-extproc chat", fmt.Sprintf("%s chat --url http://127.0.0.1:%d", program, ports[0]),
		"bin/bedrock-extproc", program, "make ", "make -n ",
	)
}

// shell runs commands in the root of the repository, and returns their standard output.
func shell(t *testing.T, at, commands string, env []string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	cmd.Dir, cmd.Env = "../..", env
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v\n%s%s", at, err, out, problems.String())
	}
	return string(out)
}
