package readme

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"bedrock-extproc/tests/envoytest"
)

// An Example is where the commands of a page run: a copy of this repository whose examples
// have free ports.
type Example struct {
	// Root is this repository.
	Root string
	// Folder is the folder in which the page's readers are, relative to Root. It may be
	// "".
	Folder string
	// Programs is the folder with bedrock-extproc and fakebedrock, the copy's "bin".
	Programs string
	// Ports are further ports of the page, with the ports to use in place of them.
	Ports map[string]string
}

// ownPorts are the ports in the pages of examples/envoy, and the defaults of the programs.
var ownPorts = []string{"8000", "8080", "8081", "8443", "9002", "9003", "9004", "9012", "9013", "9901", "6070"}

// limit is the time for one step.
const limit = 30 * time.Second

// Run runs the steps of a page.
func (e Example) Run(t *testing.T, page string) {
	t.Helper()
	steps := Steps(t, filepath.Join(e.Root, page))
	if len(steps) == 0 {
		t.Fatalf("%s: no commands", page)
	}
	ports := e.freePorts(t)
	root := e.copy(t, ports)
	s := startShell(t, filepath.Join(root, e.Folder), environment(t, ports))
	for _, step := range steps {
		t.Logf("%s:%d: %s", page, step.Line, step.Command)
		step.Command, step.Prints.Text = replaced(step.Command, ports), replaced(step.Prints.Text, ports)
		s.run(t, step)
	}
}

// freePorts returns a free port for each port of the pages.
func (e Example) freePorts(t *testing.T) map[string]string {
	t.Helper()
	free := map[string]string{}
	maps.Copy(free, e.Ports)
	for _, old := range ownPorts {
		for free[old] == "" {
			// Below the ephemeral ports, so that no other process gets it before it is used.
			port := fmt.Sprint(16384 + rand.IntN(16384))
			if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
				defer l.Close() // all at last, so that none comes twice
				free[old] = port
			}
		}
	}
	return free
}

var number = regexp.MustCompile(`\b\d{4}\b`)

func replaced(text string, ports map[string]string) string {
	return number.ReplaceAllStringFunc(text, func(n string) string {
		if port, ok := ports[n]; ok {
			return port
		}
		return n
	})
}

// copy returns the folder of the copy. Only examples/ is copied; the rest are links.
func (e Example) copy(t *testing.T, ports map[string]string) string {
	t.Helper()
	root := t.TempDir()
	here, err := filepath.Abs(e.Root)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cmd", "internal", "tests", "docs"} {
		if err := os.Symlink(filepath.Join(here, name), filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bedrock-extproc", "fakebedrock"} {
		if err := os.Symlink(filepath.Join(e.Programs, name), filepath.Join(root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		write(t, filepath.Join(root, name), read(t, filepath.Join(here, name)))
	}
	if err := os.CopyFS(filepath.Join(root, "examples"), os.DirFS(filepath.Join(here, "examples"))); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "examples/envoy", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	top, err := filepath.Glob(filepath.Join(root, "examples/envoy", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, top...) {
		write(t, file, replaced(read(t, file), ports))
	}
	return root
}

// environment is that of a reader without AWS credentials, whose programs have other
// default ports.
func environment(t *testing.T, ports map[string]string) []string {
	t.Helper()
	path := t.TempDir()
	// Several Envoys on one machine need different shared memory.
	script := "#!/bin/sh\nexec '" + envoytest.Binary(t) + "' --use-dynamic-base-id --file-flush-interval-msec 100 \"$@\"\n"
	if err := os.WriteFile(filepath.Join(path, "envoy"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	var env []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "AWS_") && !strings.HasPrefix(variable, "BEDROCK_EXTPROC_") {
			env = append(env, variable)
		}
	}
	return append(env, "PATH="+path+":"+os.Getenv("PATH"), "TMPDIR="+t.TempDir(),
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
		"BEDROCK_EXTPROC_LISTEN=127.0.0.1:"+ports["9002"], "BEDROCK_EXTPROC_ADMIN=127.0.0.1:"+ports["9003"], "BEDROCK_EXTPROC_DRAIN_DELAY=0s",
		"GRPC_PORT="+ports["8081"], "PORT="+ports["8080"], "DEBUG_PORT="+ports["6070"]) // of the rate limit service
}

// A shell runs one block after the other. What they start in the background ends with it.
type shell struct {
	stdin  io.Writer
	stdout *bufio.Reader
	folder string // of the page's readers
	dir    string // with the blocks and their output
	blocks int
}

func startShell(t *testing.T, folder string, env []string) *shell {
	t.Helper()
	cmd := exec.Command("bash", "--noprofile", "--norc") //nolint:noctx // ended in the cleanup
	cmd.Dir, cmd.Env = folder, env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait() // killed
	})
	// If the test is killed, the shell reads the end of its input, and ends the others.
	if _, err := io.WriteString(stdin, "trap 'kill -9 0' EXIT\n"); err != nil {
		t.Fatal(err)
	}
	return &shell{stdin: stdin, stdout: bufio.NewReader(stdout), folder: folder, dir: t.TempDir()}
}

var background = regexp.MustCompile(`(?m)&$`)

// run runs a step until it succeeds and prints what the page shows: what an earlier step
// has started may not be ready. A step that starts something itself runs once.
func (s *shell) run(t *testing.T, step Step) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		status, stdout, stderr := s.block(t, step.Command)
		if status == "0" && step.Prints.Expected(stdout) {
			return
		}
		if time.Now().After(deadline) || background.MatchString(step.Command) {
			t.Fatalf("status %s\n%s%s\nthe page shows:\n%s\n%s", status, stdout, stderr, step.Prints.Text, s.logs())
		}
	}
}

// block runs a block, and returns its exit status and output.
func (s *shell) block(t *testing.T, command string) (status, stdout, stderr string) {
	t.Helper()
	s.blocks++
	file := filepath.Join(s.dir, fmt.Sprint(s.blocks))
	write(t, file, command)
	if _, err := fmt.Fprintf(s.stdin, "source '%[1]s' > '%[1]s.out' 2> '%[1]s.err' < /dev/null; echo $?\n", file); err != nil {
		t.Fatal(err)
	}
	status, err := s.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("the shell has ended: %v\n%s", err, read(t, file+".err"))
	}
	return strings.TrimSpace(status), read(t, file+".out"), read(t, file+".err")
}

// logs returns the ends of the logs that the steps write.
func (s *shell) logs() string {
	var all strings.Builder
	for _, folder := range []string{"bin", "keys"} {
		files, _ := filepath.Glob(filepath.Join(s.folder, folder, "*.log"))
		for _, file := range files {
			text, _ := os.ReadFile(file)
			fmt.Fprintf(&all, "%s: %s\n", filepath.Base(file), text[max(0, len(text)-2000):])
		}
	}
	return all.String()
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
