package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// soakUsage are samples of what the sidecar uses; the last one is taken when it is idle
// again.
type soakUsage []soakSample

type soakSample struct {
	at                      time.Time
	rss, goroutines, handle float64 // rss in bytes
}

// sample takes samples until ctx ends, and then sends them.
func (s *system) sample(ctx context.Context, t *testing.T) <-chan soakUsage {
	samples := make(chan soakUsage, 1)
	go func() {
		var list soakUsage
		tick := time.NewTicker(max(*soakTime/100, 500*time.Millisecond))
		defer tick.Stop()
		for ctx.Err() == nil {
			list = append(list, s.usage(t))
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		samples <- list
	}()
	return samples
}

// usage reads the sidecar's metrics.
func (s *system) usage(t *testing.T) soakSample {
	sample := soakSample{at: time.Now()}
	resp, err := http.Get(s.sidecar.admin + "/metrics")
	if err != nil {
		t.Error(err)
		return sample
	}
	defer resp.Body.Close()
	fields := map[string]*float64{
		"process_resident_memory_bytes": &sample.rss, "go_goroutines": &sample.goroutines, "process_open_fds": &sample.handle,
	}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if field := fields[name]; field != nil {
			*field, _ = strconv.ParseFloat(value, 64)
		}
	}
	return sample
}

// slope is the growth of memory in megabytes a minute in the second half, by the medians
// of its halves.
func (u soakUsage) slope() float64 {
	half := u[len(u)/2 : len(u)-1]
	if len(half) < 4 {
		return 0
	}
	early, late := half[:len(half)/2], half[len(half)/2:]
	return (late.median() - early.median()) / megabyte / late[0].at.Sub(early[0].at).Minutes()
}

func (u soakUsage) median() float64 {
	sizes := make([]float64, len(u))
	for i := range u {
		sizes[i] = u[i].rss
	}
	slices.Sort(sizes)
	return sizes[len(sizes)/2]
}

func (u soakUsage) table() string {
	text := fmt.Sprintf("%10s %10s %10s %12s\n", "time", "memory MB", "goroutines", "descriptors")
	step := max(len(u)/10, 1)
	for i := 0; i < len(u); i += step {
		text += u.row(u[i])
	}
	return text + u.row(u[len(u)-1]) + fmt.Sprintf("memory grows by %.2f MB a minute\n", u.slope())
}

func (u soakUsage) row(s soakSample) string {
	return fmt.Sprintf("%10s %10.1f %10.0f %12.0f\n", s.at.Sub(u[0].at).Round(time.Second), s.rss/megabyte, s.goroutines, s.handle)
}

// problems compares the idle process after the load with the one before it. Memory is
// judged only after five minutes: the heap has to find its size first.
func (u soakUsage) problems() []error {
	var problems []error
	first, last := u[0], u[len(u)-1]
	if last.goroutines > first.goroutines+2*soakClients+20 {
		problems = append(problems, fmt.Errorf("%.0f goroutines before the load, %.0f after it", first.goroutines, last.goroutines))
	}
	if last.handle > first.handle+4*soakClients+20 {
		problems = append(problems, fmt.Errorf("%.0f descriptors before the load, %.0f after it", first.handle, last.handle))
	}
	if grows := u.slope(); *soakTime >= 5*time.Minute && grows > 0.5 {
		problems = append(problems, fmt.Errorf("memory grows by %.2f MB a minute", grows))
	}
	return problems
}
