package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"bedrock-extproc/tests/bench/kernel"
	"bedrock-extproc/tests/envoytest"
)

// readyLimit is the time in which a process must listen.
const readyLimit = time.Minute

// process is a running part. It ends with this program.
type process struct {
	name    string
	cmd     *exec.Cmd
	done    <-chan struct{}
	logFile string
	ready   time.Duration // from its start until it listened
}

// start starts a process with env added to the environment, and waits until it listens at
// address: host:port or unix:///path.
func start(ctx context.Context, dir, name, address string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.CommandContext(ctx, program, args...), logFile: filepath.Join(dir, name+".log")}
	log, err := os.Create(p.logFile)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own descriptor
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	began := time.Now()
	if p.done, err = envoytest.Spawn(p.cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	if err := p.awaitListening(ctx, address); err != nil {
		return nil, p.explain(err)
	}
	p.ready = time.Since(began)
	return p, nil
}

func (p *process) awaitListening(ctx context.Context, address string) error {
	network, at := "tcp", address
	if path, ok := strings.CutPrefix(address, "unix://"); ok {
		network, at = "unix", path
	}
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, at)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("it has ended: %w", err)
		case <-ctx.Done():
			return err
		case <-time.After(time.Millisecond):
		}
	}
}

// explain adds the end of the process's log to an error.
func (p *process) explain(err error) error {
	const most = 4 << 10
	log, _ := os.ReadFile(p.logFile) // without a log, the error has to do
	return fmt.Errorf("%s: %w\n%s", p.name, err, log[max(0, len(log)-most):])
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop kills the process and waits for its end.
func (p *process) stop() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// cpu returns what work costs each process in CPU time.
func cpu(work func() error, processes ...*process) ([]time.Duration, error) {
	spent := make([]time.Duration, len(processes))
	for i, p := range processes {
		before, err := kernel.CPU(p.pid())
		if err != nil {
			return nil, p.explain(err)
		}
		spent[i] = -before
	}
	if err := work(); err != nil {
		return nil, err
	}
	for i, p := range processes {
		after, err := kernel.CPU(p.pid())
		if err != nil {
			return nil, p.explain(err)
		}
		spent[i] += after
	}
	return spent, nil
}
