package e2e

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bedrock-extproc/tests/fakebedrock"
)

// BenchmarkOverload calls with five times as many clients as -max-calls allows, each
// again after 100 ms, and reports the latency of accepted and of refused calls, in
// milliseconds. Bedrock takes 500 ms for a call.
func BenchmarkOverload(b *testing.B) {
	const limit, overload = 20, 5
	const bedrock = 500 * time.Millisecond
	s := start(b, always(fakebedrock.Behaviour{Delay: bedrock}), "-max-calls", "20")
	client := newClient(true)
	var mu sync.Mutex
	latencies := map[int][]time.Duration{}
	for b.Loop() {
		var clients sync.WaitGroup
		end := time.Now().Add(10 * time.Second)
		for i := range limit * overload {
			clients.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				for time.Now().Before(end) {
					began := time.Now()
					status := tryCall(b, client, s.completions())
					mu.Lock()
					latencies[status] = append(latencies[status], time.Since(began))
					mu.Unlock()
					time.Sleep(100 * time.Millisecond)
				}
			})
		}
		clients.Wait()
	}
	for status, name := range map[int]string{http.StatusOK: "accepted", http.StatusServiceUnavailable: "refused"} {
		list := latencies[status]
		slices.Sort(list)
		if len(list) == 0 {
			b.Fatalf("no call was %s", name)
		}
		b.ReportMetric(float64(len(list)), name)
		b.ReportMetric(float64(list[len(list)/2].Microseconds())/1000, name+"-p50-ms")
		b.ReportMetric(float64(list[len(list)*99/100].Microseconds())/1000, name+"-p99-ms")
	}
}

func tryCall(b *testing.B, client *http.Client, url string) (status int) {
	resp, err := client.Post(url, "application/json", strings.NewReader(askSum))
	if err != nil {
		b.Error(err)
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}
