package e2e

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"bedrock-extproc/internal/client"
	"bedrock-extproc/tests/fakebedrock"
)

// chatModel is what the chat of a test asks; the API of Bedrock needs one.
const chatModel = "us.amazon.nova-lite-v1:0"

// chatOnce runs "bedrock-extproc chat" as a script does.
func chatOnce(s *system, stdin string, args ...string) (code int, stdout, stderr string) {
	cmd := exec.Command(program, append([]string{"chat", "--url", s.envoy.URL}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	return outcome(cmd)
}

// outcome runs a command to its end.
func outcome(cmd *exec.Cmd) (code int, stdout, stderr string) {
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the exit code shows how it ended
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// A script gets the answer on standard output and nothing else, in each API, from words
// or from standard input.
func TestChatInAScript(t *testing.T) {
	s := start(t, nil)
	for _, api := range client.APIs() {
		t.Run(api, func(t *testing.T) {
			if code, stdout, stderr := chatOnce(s, "", "--api", api, "-m", chatModel, "What", "is", "2+2?"); code != 0 || stdout != "2 + 2 = 4.\n" || stderr != "" {
				t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
			}
			code, stdout, stderr := chatOnce(s, "What is 2+2?\n", "-api", api, "-m", chatModel, "-o", "json")
			var a struct {
				Content, Model string
				Usage          client.Usage
				RequestID      string `json:"request_id"`
			}
			if err := json.Unmarshal([]byte(stdout), &a); err != nil || code != 0 || a.Content != "2 + 2 = 4." || a.Model != chatModel || a.Usage.Input == 0 || a.Usage.Output == 0 || a.RequestID == "" {
				t.Errorf("exit code %d, %v, %s%s", code, err, stdout, stderr)
			}
		})
	}
}

// A failed answer is exit code 1 and the error that the client was told, before the
// stream and within it.
func TestChatFails(t *testing.T) {
	s := start(t, nil)
	for _, api := range client.APIs() {
		t.Run(api, func(t *testing.T) {
			if code, stdout, stderr := chatOnce(s, "", "--api", api, "-m", chatModel+"#fault=throttling", "hi"); code != 1 || stdout != "" || !strings.HasPrefix(stderr, "bedrock-extproc: 429 Too Many Requests: ") {
				t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
			}
			if code, stdout, stderr := chatOnce(s, "", "--api", api, "-m", chatModel+"#fault=cut&at=3", "-o", "json", "hi"); code != 1 || stdout != "" || !strings.Contains(stderr, "The connection to Bedrock ended before the answer was complete.") {
				t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
			}
		})
	}
	if code, _, stderr := chatOnce(s, " \n"); code != 2 || !strings.Contains(stderr, "no prompt") {
		t.Errorf("no prompt: exit code %d, %q", code, stderr)
	}
	if code, _, stderr := chatOnce(s, "", "--api", "bedrock", "hi"); code != 2 || !strings.Contains(stderr, "set --model") {
		t.Errorf("no model: exit code %d, %q", code, stderr)
	}
}

// atTerminal is a chat at a terminal.
type atTerminal struct {
	t      *testing.T
	keys   *os.File
	screen *output
	cmd    *exec.Cmd
	ended  chan error
	shown  int // what was looked at before, in bytes
}

func startAtTerminal(t *testing.T, s *system, args ...string) *atTerminal {
	t.Helper()
	cmd := exec.Command(program, append([]string{"chat", "--url", s.envoy.URL}, args...)...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, "NO_COLOR=") }), "TERM=xterm")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 120})
	if err != nil {
		t.Fatal(err)
	}
	c := &atTerminal{t: t, keys: terminal, screen: &output{}, cmd: cmd, ended: make(chan error, 1)}
	go func() {
		_, _ = io.Copy(c.screen, terminal) // it fails when the process has ended
		c.ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		terminal.Close()
	})
	return c
}

func (c *atTerminal) typeKeys(keys string) {
	c.t.Helper()
	if _, err := c.keys.WriteString(keys); err != nil {
		c.t.Fatal(err)
	}
}

// sees waits until the screen shows text, after what was seen before.
func (c *atTerminal) sees(text string) {
	c.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		screen := c.screen.String()
		if i := strings.Index(screen[c.shown:], text); i >= 0 {
			c.shown += i + len(text)
			return
		}
		select {
		case <-deadline:
			c.t.Fatalf("no %q in %q", text, screen[c.shown:])
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// leaves waits for the end of the program.
func (c *atTerminal) leaves() {
	c.t.Helper()
	select {
	case err := <-c.ended:
		if err != nil {
			c.t.Errorf("chat ended with %v\n%q", err, c.screen.String())
		}
	case <-time.After(10 * time.Second):
		c.t.Fatalf("chat does not end\n%q", c.screen.String())
	}
}

// A person at a terminal: an answer with its tokens, the history of prompts, reasoning,
// a tool call whose result is asked for, an answer that Ctrl-C ends, and Ctrl-D.
func TestChatAtATerminal(t *testing.T) {
	s := start(t, func(r *fakebedrock.Request) fakebedrock.Behaviour {
		if strings.Contains(string(r.Body), "stay silent") {
			return fakebedrock.Behaviour{Answer: fakebedrock.Answer{Text: "one two three"}, Fault: fakebedrock.FaultStall, After: 3}
		}
		return r.Asked
	})
	tools := filepath.Join(t.TempDir(), "tools.json")
	if err := os.WriteFile(tools, []byte(`[{"name":"get_weather","description":"Get the weather of a city","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, api := range client.APIs() {
		t.Run(api, func(t *testing.T) {
			c := startAtTerminal(t, s, "--api", api, "-m", chatModel, "--tools", tools)
			c.sees("> ")
			c.typeKeys("What is 2+2?\r")
			c.sees("2 + 2 = 4.")
			c.sees("tokens in")
			c.typeKeys("\x1b[A\r") // the prompt before
			c.sees("> What is 2+2?")
			c.sees("2 + 2 = 4.")
			c.sees("> ")
			c.typeKeys("garbage\x03") // Ctrl-C at a prompt clears the line
			c.typeKeys("stay silent\r")
			c.sees("one")
			c.typeKeys("\x03")
			c.sees("interrupted")
			c.sees("> ")
			c.typeKeys("What is the weather in Oslo?\r")
			c.sees(`tool call: get_weather {"city":"Oslo"}`)
			c.sees("result of get_weather> ")
			c.typeKeys("It rains.\r")
			c.sees("It rains.\r\n")
			c.sees("rains")
			c.sees("tokens in")
			c.typeKeys("\x04")
			c.leaves()
		})
	}
	ended := 0
	for _, call := range s.bedrock.Calls() {
		if call.Aborted {
			ended++
		}
	}
	if ended != len(client.APIs()) {
		t.Errorf("%d calls to Bedrock were ended, want one for each Ctrl-C", ended)
	}
}

// Reasoning is dimmed, a failure is shown, and the conversation goes on. SIGTERM ends
// the program and leaves the terminal as it was.
func TestChatShowsFailures(t *testing.T) {
	s := start(t, func(r *fakebedrock.Request) fakebedrock.Behaviour {
		if r.Number == 1 {
			return fakebedrock.Behaviour{Exception: exception(t, "ThrottlingException")}
		}
		return r.Asked
	}, "-config", configFile(t, "bedrock_extproc:\n  retry: {attempts: 1}\n"))
	c := startAtTerminal(t, s, "-m", chatModel+"#reasoning=Hm.")
	c.sees("> ")
	c.typeKeys("What is 2+2?\r")
	c.sees("error: 429 Too Many Requests: bedrock_throttled: ")
	c.sees("> ")
	c.typeKeys("What is 2+2?\r")
	c.sees("\x1b[2mHm")
	c.sees("2 + 2 = 4.")
	c.sees("> ")
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-c.ended:
	case <-time.After(10 * time.Second):
		t.Fatal("chat does not end on SIGTERM")
	}
	if code := c.cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGTERM) {
		t.Errorf("exit code %d", code)
	}
	if screen := c.screen.String(); !strings.HasSuffix(strings.TrimSpace(screen), "\x1b[?2004l") {
		t.Errorf("the terminal still pastes in brackets: %q", screen[max(0, len(screen)-100):])
	}
}

// bench measures both sides, and fails if a call failed.
func TestBench(t *testing.T) {
	s := start(t, nil)
	run := func(args ...string) (code int, stdout, stderr string) {
		cmd := exec.Command(program, append([]string{"bench", s.envoy.URL, "-m", chatModel, "--rate", "20", "--duration", "1s", "--warm-up", "200ms"}, args...)...)
		cmd.Env = awsEnvironment("us-east-1")
		return outcome(cmd)
	}
	for _, api := range client.APIs() {
		code, stdout, stderr := run("--api", api, "--direct", s.bedrockURL, "-o", "json")
		var r struct {
			Through, Direct struct{ Calls, Failed int }
			Added           *struct{}
		}
		if err := json.Unmarshal([]byte(stdout), &r); err != nil || code != 0 || r.Through.Calls != 20 || r.Direct.Calls != 20 || r.Added == nil {
			t.Errorf("%s: exit code %d, %v, %s%s", api, code, err, stdout, stderr)
		}
	}
	if code, stdout, stderr := run(); code != 0 || !strings.Contains(stdout, "through Envoy") || stderr != "" {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := run("-m", chatModel+"#fault=cut&at=3"); code != 1 || !strings.Contains(stdout, "failed 20 times: ") || !strings.Contains(stderr, "24 calls failed") {
		t.Errorf("exit code %d, %s%s", code, stdout, stderr)
	}
	for _, args := range [][]string{{"--rate", "0"}, {"--duration", "2h"}, {"--max-in-flight", "0"}, {"-m", "", "--direct", s.bedrockURL}} {
		if code, _, stderr := run(args...); code != 2 {
			t.Errorf("%v: exit code %d, %s", args, code, stderr)
		}
	}
}
