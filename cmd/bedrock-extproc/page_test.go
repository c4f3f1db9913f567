package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"bedrock-extproc/tests/page"
)

//go:generate go test . -run TestPage -update

var update = flag.Bool("update", false, "write docs/command-line.md again")

// TestPage compares docs/command-line.md with the help of every command. It is also the
// golden file of the help texts.
func TestPage(t *testing.T) {
	intro, err := os.ReadFile("testdata/command-line.md")
	if err != nil {
		t.Fatal(err)
	}
	var codes, commands strings.Builder
	for _, row := range exitCodes() {
		fmt.Fprintf(&codes, "| %s | %s |\n", row[0], row[1])
	}
	root := newRoot(streams{env: noEnv})
	for _, group := range root.Groups() {
		for _, cmd := range root.Commands() {
			if cmd.GroupID == group.ID {
				fmt.Fprintf(&commands, "\n## %s\n\n```\n%s```\n", cmd.Name(), helpText(cmd))
			}
		}
	}
	want := strings.NewReplacer("EXITCODES\n", codes.String(), "ROOT\n", "```\n"+helpText(root)+"```\n", "COMMANDS\n", strings.TrimPrefix(commands.String(), "\n")).Replace(string(intro))
	page.Check(t, "../../docs/command-line.md", want, *update)
}

// Each command is in a group of the help, and says in one line what it does.
func TestCommandsAreListed(t *testing.T) {
	root := newRoot(streams{env: noEnv})
	list := helpText(root)
	for _, cmd := range root.Commands() {
		if !cmd.Hidden && !strings.Contains(list, "  "+cmd.Name()+" ") {
			t.Errorf("%s is not listed", cmd.Name())
		}
		if len(cmd.Short) == 0 || len(cmd.Short) > 80 || strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: %q", cmd.Name(), cmd.Short)
		}
	}
}

// The scripts are read by their shells, where these are installed.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			code, script, stderr := runProgram(t, "completion", shell)
			if code != 0 || !strings.Contains(script, "bedrock-extproc") {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			if _, err := exec.LookPath(shell); err != nil {
				t.Logf("%s is not installed: its syntax is not checked", shell)
				return
			}
			cmd := exec.Command(shell, "-n")
			cmd.Stdin = strings.NewReader(script)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// Commands, flags and values are completed.
func TestCompletions(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"__complete va", "validate\t"},
		{"__complete help doc", "doctor"},
		{"__complete serve --drain-t", "--drain-timeout"},
		{"__complete serve --max-c", "--max-calls\tmaximum number of concurrent model calls"},
		{"__complete explain --api ant", "anthropic"},
		{"__complete version -o j", "json"},
		{"__complete completion f", "fish"},
	} {
		code, stdout, stderr := runProgram(t, strings.Fields(c.line)...)
		if code != 0 || !strings.Contains(stdout, c.want) {
			t.Errorf("%s: exit code %d, %s%s", c.line, code, stdout, stderr)
		}
	}
}

// The manual page has every command and every flag.
func TestManualPage(t *testing.T) {
	_, text, _ := runProgram(t, "man")
	for _, want := range []string{".TH BEDROCK\\-EXTPROC 1", ".SS envoy\\-config", `\fB\-\-drain\-timeout\fR`, `\fB\-o, \-\-output\fR`, ".SH EXIT STATUS"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
}
