package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bedrock-extproc/internal/client"
)

// inProcess is a transport to a handler over pipes, for the virtual time of synctest.
func inProcess(t *testing.T, handler http.HandlerFunc) *http.Client {
	t.Helper()
	listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	transport := &http.Transport{MaxIdleConnsPerHost: 1000, DialContext: listener.dial}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return &http.Client{Transport: transport}
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{} }

// answer answers after first and then whole, in the gateway's API.
func answer(first, whole time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if !pause(r.Context(), first) {
			return
		}
		fmt.Fprint(w, "data: {\"type\":\"content_delta\",\"delta\":\"4\"}\n\n")
		_ = http.NewResponseController(w).Flush()
		if !pause(r.Context(), whole-first) {
			return
		}
		fmt.Fprint(w, "data: {\"type\":\"message_stop\",\"stop_reason\":\"end_turn\"}\n\n")
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func side(t *testing.T, handler http.HandlerFunc) *client.Client {
	return &client.Client{URL: "http://listener", API: client.Gateway, HTTP: inProcess(t, handler)}
}

// Both sides are measured apart, and the difference is what was added. The warm-up is
// not counted.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var progress []string
		r, err := Run(t.Context(), &Settings{
			Through: side(t, answer(12*time.Millisecond, 25*time.Millisecond)),
			Direct:  side(t, answer(10*time.Millisecond, 20*time.Millisecond)),
			Rate:    10, Duration: 3 * time.Second, WarmUp: time.Second, MaxInFlight: 5,
			Progress: func(done, all, failed int) { progress = append(progress, fmt.Sprint(done, "/", all, " ", failed)) },
		})
		if err != nil {
			t.Fatal(err)
		}
		same := func(first, whole Milliseconds) Times {
			return Times{Percentiles{first, first, first, first}, Percentiles{whole, whole, whole, whole}}
		}
		if r.Through.Calls != 30 || r.Direct.Calls != 30 || r.Failed() != 0 || r.LateStart != 0 {
			t.Errorf("%+v", r)
		}
		if diff := cmp.Diff([]Times{same(12, 25), same(10, 20), same(2, 5)}, []Times{r.Through.Times, r.Direct.Times, *r.Added}); diff != "" {
			t.Error(diff)
		}
		if len(progress) < 3 || !strings.HasSuffix(progress[0], "/80 0") {
			t.Errorf("progress %q", progress)
		}
	})
}

// The order within pairs alternates, and all starts are spread evenly.
func TestPlan(t *testing.T) {
	s := Settings{Direct: &client.Client{}, Rate: 2, Duration: time.Second, WarmUp: 500 * time.Millisecond}
	var got []string
	for _, p := range s.plan() {
		got = append(got, fmt.Sprintf("%v %t %t", p.at, p.direct, p.warmUp))
	}
	want := []string{"0s false true", "250ms true true", "500ms true false", "750ms false false", "1s false false", "1.25s true false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A server that stalls for a second shows in all calls that should have started
// meanwhile, although it serves one call at a time.
func TestStallIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := make(chan struct{}, 1)
		calls := 0
		stalls := func(w http.ResponseWriter, r *http.Request) {
			one <- struct{}{}
			defer func() { <-one }()
			if calls++; calls == 11 {
				time.Sleep(time.Second)
			}
			answer(0, 0)(w, r)
		}
		r, err := Run(t.Context(), &Settings{Through: side(t, stalls), Rate: 10, Duration: 10 * time.Second, MaxInFlight: 100})
		if err != nil {
			t.Fatal(err)
		}
		slow := 0
		for _, b := range r.Through.Histogram {
			if b.To > 100 {
				slow += b.Calls
			}
		}
		if r.Through.Calls != 100 || r.Through.Whole.Max != 1000 || slow < 9 || slow > 11 {
			t.Errorf("%d calls, max %v, %d slow: %+v", r.Through.Calls, r.Through.Whole.Max, slow, r.Through.Histogram)
		}
	})
}

// Failures are counted by their text. Calls beyond MaxInFlight are failures and not a
// queue.
func TestFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		failing := func(w http.ResponseWriter, r *http.Request) {
			n++
			w.Header().Set("X-Request-Id", fmt.Sprint(n))
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, `{"detail":"Too many.","error":{"type":"bedrock_throttled"}}`)
		}
		r, err := Run(t.Context(), &Settings{Through: side(t, failing), Rate: 10, Duration: time.Second, MaxInFlight: 5})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"429 Too Many Requests: bedrock_throttled: Too many.": 10}, r.AllErrors()); diff != "" || r.Failed() != 10 {
			t.Error(diff)
		}
		r, err = Run(t.Context(), &Settings{Through: side(t, answer(time.Second, 10*time.Second)), Rate: 10, Duration: time.Second, MaxInFlight: 3})
		if err != nil {
			t.Fatal(err)
		}
		if r.Through.Calls != 3 || r.AllErrors()[errTooMany.Error()] != 7 {
			t.Errorf("%+v", r.Through)
		}
	})
}

// Ctrl-C ends a run.
func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := errors.New("stop")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(stop) })
		_, err := Run(ctx, &Settings{Through: side(t, answer(time.Hour, time.Hour)), Rate: 10, Duration: time.Hour, MaxInFlight: 1000})
		if !errors.Is(err, stop) {
			t.Error(err)
		}
	})
}

// The reports, for people and for programs.
func TestReports(t *testing.T) {
	r := &Report{Direct: &Side{}}
	for i := range 100 {
		r.add(sample{first: 2 * time.Millisecond, whole: time.Duration(10+i) * time.Millisecond})
		r.add(sample{direct: true, first: time.Millisecond, whole: time.Duration(9+i) * time.Millisecond})
	}
	r.add(sample{err: errTooMany, late: 30 * time.Millisecond})
	r.add(sample{err: errTooMany, warmUp: true})
	r.finish()
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"through Envoy    100       1", "+1.00 ms", "108.00 ms", "≤ ", "█", "started 30 ms late", "failed 1 times: not sent", "\n1 calls of the warm-up failed."} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"calls":100`, `"failed":1`, `"whole_ms":{"p50":59,"p90":99,"p99":108,"max":109}`, `"added":{"first_text_ms":{"p50":1,`, `"late_start_ms":30`} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("no %s in %s", want, data)
		}
	}
	counted := 0
	for i, b := range r.Through.Histogram {
		counted += b.Calls
		if i > 0 && b.To <= r.Through.Histogram[i-1].To {
			t.Errorf("bucket %d: %+v", i, b)
		}
	}
	if counted != 100 {
		t.Errorf("%d calls in the histogram", counted)
	}
}
