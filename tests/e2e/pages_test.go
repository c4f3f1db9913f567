package e2e

import (
	"fmt"
	"net/http/httptest"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"bedrock-extproc/tests/fakebedrock"
	"bedrock-extproc/tests/page"
)

// TestReadmeCommands runs every command of the README against what its first one starts.
func TestReadmeCommands(t *testing.T) {
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

// runPage runs the commands of a page's blocks, each with the output that the block after
// it shows, while a system runs that listens on ports. Blocks of the language console need
// what no test has, such as an AWS account, and are not run. make's targets are only
// looked up: system is what "make run" runs.
func runPage(t *testing.T, file string, ports [4]int, system *exec.Cmd) {
	t.Helper()
	out, ended := started(t, system)
	waitFor(t, out, "Ready:", ended)
	defer func() {
		_ = system.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			t.Errorf("run ended with %v\n%s", err, out.String())
		}
	}()
	local := strings.NewReplacer("localhost:8000", fmt.Sprintf("localhost:%d", ports[0]), "localhost:9003", fmt.Sprintf("localhost:%d", ports[2]),
		"doctor ", fmt.Sprintf("doctor -envoy-admin http://127.0.0.1:%d ", ports[1]), "chat ", fmt.Sprintf("chat --url http://127.0.0.1:%d ", ports[0]),
		"bin/bedrock-extproc", program, "make ", "make -n ")
	text := page.Read(t, file)
	blocks, ran := page.Blocks(text), 0
	for i, block := range blocks {
		if block.Lang != "sh" {
			continue
		}
		ran++
		cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", local.Replace(block.Text))
		cmd.Dir, cmd.Env = "../..", system.Env
		var problems strings.Builder
		cmd.Stderr = &problems
		got, err := cmd.Output()
		if err != nil {
			t.Errorf("%s:%d: %v\n%s%s", file, block.Line, err, got, problems.String())
			continue
		}
		if shown := i+1 < len(blocks) && isOutput(text, block, blocks[i+1]); shown && !blocks[i+1].Expected(string(got)) {
			t.Errorf("%s:%d: the output is\n%s", file, blocks[i+1].Line, got)
		}
	}
	if ran == 0 {
		t.Errorf("%s has no commands", file)
	}
}

// isOutput reports whether a block follows a command at once and is no command itself.
func isOutput(text string, command, next page.Block) bool {
	lines := strings.Split(text, "\n")
	end := command.Line + strings.Count(command.Text, "\n") + 1 // the line of the closing fence
	return next.Lang != "sh" && strings.TrimSpace(strings.Join(lines[end:next.Line-1], "")) == ""
}
