package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkTelemetry compares the CPU time of two sidecars: one that logs each call and
// sends traces and metrics by OTLP, and one that logs errors only. Both count metrics. They
// take turns, and the metric is the median of the ratios, with the smallest and the largest.
func BenchmarkTelemetry(b *testing.B) {
	on, _ := startObserved(b, observedConfig, answerOf(500))
	off := start(b, answerOf(500))
	off.setLogLevel(b, "error")
	client := newClient(false)
	for name, c := range map[string]struct {
		url   func(s *system) string
		calls int
	}{
		"whole":      {(*system).completions, 150},
		"stream-500": {(*system).stream, 15},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				compareCPU(b, client, on, off, c.url, c.calls)
			}
		})
	}
}

func compareCPU(b *testing.B, client *http.Client, on, off *system, url func(*system) string, calls int) {
	b.Helper()
	const rounds = 15
	var ratios []float64
	var spent [2]time.Duration
	for round := range rounds + 1 {
		var took [2]time.Duration
		order := []int{round % 2, 1 - round%2}
		for _, i := range order {
			took[i] = cpuOf(b, client, []*system{on, off}[i], url, calls)
		}
		if round == 0 {
			continue // warms up
		}
		ratios = append(ratios, float64(took[0])/float64(took[1]))
		spent[0], spent[1] = spent[0]+took[0], spent[1]+took[1]
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[rounds/2], "on/off")
	b.ReportMetric(ratios[0], "min")
	b.ReportMetric(ratios[rounds-1], "max")
	b.ReportMetric(float64(spent[0])/float64(spent[1]), "sum-on/off")
	b.ReportMetric(float64(spent[1].Microseconds())/float64(rounds*calls), "off-µs/call")
}

// cpuOf is the CPU time that a sidecar takes for that many calls.
func cpuOf(b *testing.B, client *http.Client, s *system, url func(*system) string, calls int) time.Duration {
	b.Helper()
	before := cpuTime(b, s.sidecar.cmd.Process.Pid)
	for range calls {
		ask(b, client, url(s))
	}
	return cpuTime(b, s.sidecar.cmd.Process.Pid) - before
}

// cpuTime is the CPU time of all threads of a process so far.
func cpuTime(b *testing.B, pid int) (sum time.Duration) {
	b.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		b.Skip("CPU times of threads are not known on this system")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		var ns int64
		if _, err := fmt.Sscan(string(text), &ns); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(ns)
	}
	return sum
}
