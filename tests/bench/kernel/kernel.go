// Package kernel reads what Linux accounts to a process: CPU time in nanoseconds, and
// memory. The benchmark judges programs by it, so it asks none of them.
package kernel

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// errNoThreads reports a process that is gone, or a system that is not Linux.
var errNoThreads = errors.New("the kernel has no CPU times of this process")

// CPU returns the CPU time of all threads of a process so far, in user and in kernel mode.
// The time of threads that have ended is lost; those of Go programs and of Envoy do not.
func CPU(pid int) (sum time.Duration, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, fmt.Errorf("process %d: %w", pid, errNoThreads)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		spent, err := parseSchedstat(text)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += spent
	}
	return sum, nil
}

// parseSchedstat reads the first of three numbers: nanoseconds on a CPU.
func parseSchedstat(text []byte) (time.Duration, error) {
	first, _, _ := bytes.Cut(text, []byte(" "))
	ns, err := strconv.ParseInt(string(first), 10, 64)
	return time.Duration(ns), err
}

// Memory returns the resident bytes of a process, and the most it has had since it started
// or since ResetPeak.
func Memory(pid int) (now, peak int64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	if now, err = parseStatus(text, "VmRSS"); err != nil {
		return 0, 0, err
	}
	peak, err = parseStatus(text, "VmHWM")
	return now, peak, err
}

// parseStatus returns a field of /proc/PID/status in bytes.
func parseStatus(text []byte, field string) (int64, error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		if name != field {
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		return kilobytes << 10, err
	}
	return 0, fmt.Errorf("no %s in the status of the process", field)
}

// ResetPeak makes the present memory of a process its peak.
func ResetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}
