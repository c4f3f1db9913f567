package local

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

// stopLimit is the time a process has to end after SIGTERM. Then it is killed.
const stopLimit = 6 * time.Second

// group is the started processes, in order. Its methods must be called from one
// goroutine, except say.
type group struct {
	mu       sync.Mutex // guards writes to out
	out      io.Writer
	children []*child
	ended    chan error // receives the end of each process
}

type child struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

// start starts a process. Its output lines are prefixed with name.
func (g *group) start(name string, cmd *exec.Cmd) error {
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = childAttributes()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	c := &child{name: name, cmd: cmd, done: make(chan struct{})}
	g.children = append(g.children, c)
	go g.copyLines(name, r)
	go g.await(c, w)
	return nil
}

// copyLines copies lines to out until the process has ended and the pipe is closed.
func (g *group) copyLines(name string, r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		g.say(name, lines.Text())
	}
	_, _ = io.Copy(io.Discard, r) // an overlong line must not block the process
}

// say prints a line of a process, or of Run itself. It may be called concurrently.
func (g *group) say(name, line string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	fmt.Fprintf(g.out, "%-8s| %s\n", name, line)
}

// await waits for the process and reports its end.
func (g *group) await(c *child, w io.Closer) {
	err := c.cmd.Wait()
	_ = w.Close() // a pipe's Close does not fail
	close(c.done)
	if err == nil {
		err = fmt.Errorf("exit code 0")
	}
	g.ended <- fmt.Errorf("%s ended: %w", c.name, err)
}

// stop stops the processes in reverse order and waits for each.
func (g *group) stop() {
	for _, c := range slices.Backward(g.children) {
		c.stop()
	}
}

func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // the process may have ended already
	select {
	case <-c.done:
	case <-time.After(stopLimit):
		_ = c.cmd.Process.Kill()
		<-c.done
	}
}
