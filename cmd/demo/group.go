package main

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

// stopLimit is how long a part may take to end on SIGTERM.
const stopLimit = 6 * time.Second

// family is the processes that were started, in order. It is used from one
// goroutine; only its output is shared.
type family struct {
	mu       sync.Mutex // guards out
	out      io.Writer
	children []*child
	ended    chan error // a part that ended by itself
}

type child struct {
	name string
	cmd  *exec.Cmd
	done chan struct{}
}

// start starts a process whose lines appear under its name.
func (f *family) start(name string, cmd *exec.Cmd) error {
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = childAttributes()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	c := &child{name: name, cmd: cmd, done: make(chan struct{})}
	f.children = append(f.children, c)
	go f.copyLines(name, r)
	go f.await(c, w)
	return nil
}

// copyLines ends with the process, when the pipe is closed.
func (f *family) copyLines(name string, r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		f.mu.Lock()
		fmt.Fprintf(f.out, "%-8s| %s\n", name, lines.Bytes())
		f.mu.Unlock()
	}
	_, _ = io.Copy(io.Discard, r) // an overlong line must not block the process
}

// await reports the end of a process.
func (f *family) await(c *child, w io.Closer) {
	err := c.cmd.Wait()
	_ = w.Close() // a pipe's Close does not fail
	close(c.done)
	if err == nil {
		err = fmt.Errorf("exit code 0")
	}
	f.ended <- fmt.Errorf("%s ended: %w", c.name, err)
}

// stop ends the processes, callers before those they call, and waits for each.
func (f *family) stop() {
	for _, c := range slices.Backward(f.children) {
		c.stop()
	}
}

func (c *child) stop() {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-c.done:
	case <-time.After(stopLimit):
		_ = c.cmd.Process.Kill()
		<-c.done
	}
}
