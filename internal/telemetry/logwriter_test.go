package telemetry_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"bedrock-extproc/internal/telemetry"
)

// output is the reader of a log. It accepts bytes while gate is closed or nil, and
// fails after takes bytes, if err is set.
type output struct {
	gate chan struct{}

	mu    sync.Mutex
	text  bytes.Buffer
	err   error
	takes int
}

func (o *output) Write(p []byte) (int, error) {
	if o.gate != nil {
		<-o.gate
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		n, _ := o.text.Write(p[:min(o.takes, len(p))])
		return n, o.err
	}
	return o.text.Write(p)
}

func (o *output) fail(takes int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.takes, o.err = takes, err
}

// lines are the lines so far. A report is "lost N".
func (o *output) lines() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := regexp.MustCompile(`\{"level":"warn","ts":"[^"]+","msg":"log lines dropped[^"]*","lines":(\d+)\}`).ReplaceAllString(o.text.String(), "lost $1")
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

func write(w *telemetry.LogWriter, lines ...string) {
	for _, line := range lines {
		_, _ = fmt.Fprintln(w, line)
	}
}

// A reader that stands still costs no call any time. When it is back it gets all lines
// but those in excess, in order, with a line in their place.
func TestLogReaderStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &output{gate: make(chan struct{})}
		w := telemetry.NewLogWriter(o)
		began := time.Now()
		write(w, "in the write that hangs")
		synctest.Wait()
		var want []string
		for i := range 4 {
			want = append(want, strings.Repeat(fmt.Sprint(i), 250_000))
			write(w, want[i])
		}
		write(w, strings.Repeat("x", 250_000), strings.Repeat("y", 250_000))
		if w.Dropped() != 2 || time.Since(began) != 0 {
			t.Errorf("%d lines dropped in %v", w.Dropped(), time.Since(began))
		}
		w.Close()
		if d := time.Since(began); d != time.Second {
			t.Errorf("closing took %v", d)
		}
		write(w, "after the end")
		close(o.gate)
		synctest.Wait()
		want = append([]string{"in the write that hangs"}, append(want, "lost 3")...)
		if diff := cmp.Diff(want, o.lines()); diff != "" {
			t.Error(diff)
		}
	})
}

// A reader that goes away costs lines only. A cut line is completed by a line break.
func TestLogReaderGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &output{}
		w := telemetry.NewLogWriter(o)
		write(w, "one")
		synctest.Wait()
		o.fail(2, errors.New("broken pipe"))
		write(w, "two")
		synctest.Wait()
		o.fail(0, errors.New("broken pipe"))
		write(w, "three", "four")
		synctest.Wait()
		began := time.Now()
		_ = w.Sync()
		if d := time.Since(began); d != 0 || w.Dropped() != 3 {
			t.Errorf("waited %v, %d lines dropped", d, w.Dropped())
		}
		o.fail(0, nil)
		w.Logger(zap.InfoLevel).Info("five")
		write(w, strings.Repeat("too long", 1<<18))
		w.Close()
		got := o.lines()
		if len(got) != 5 || got[4] != "lost 1" || !strings.Contains(got[3], `"msg":"five"`) {
			t.Fatalf("%q", got)
		}
		if diff := cmp.Diff([]string{"one", "tw", "lost 3"}, got[:3]); diff != "" {
			t.Error(diff)
		}
	})
}

// Lines of one goroutine keep their order, and each line is whole.
func TestLogOrder(t *testing.T) {
	o := &output{}
	w := telemetry.NewLogWriter(o)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 500 {
				write(w, fmt.Sprintf("%d %d", g, i))
			}
		})
	}
	group.Wait()
	w.Close()
	next := [8]int{}
	for _, line := range o.lines() {
		var g, i int
		if n, err := fmt.Sscanf(line, "%d %d", &g, &i); n != 2 || i != next[g] {
			t.Fatalf("%q, %v, want number %d", line, err, next[g])
		}
		next[g]++
	}
	if next != [8]int{500, 500, 500, 500, 500, 500, 500, 500} {
		t.Error(next)
	}
}
