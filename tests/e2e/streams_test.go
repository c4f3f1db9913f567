package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/service/ext_proc/v3"

	"bedrock-extproc/tests/fakebedrock"
)

// TestTenThousandStreams holds 10,000 calls open at once, over four connections, as the
// workers of an Envoy do. None fails, and what each costs is bounded.
func TestTenThousandStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("a load test: run by make test, not with the race detector")
	}
	const streams, connections, batch = 10_000, 4, 500
	const mostMemory, mostGoroutines = 150 << 10, 8 // of a stream
	const idleConnections = 1024                    // the default of transport.max_idle_conns_per_host
	gate := make(chan struct{})
	s := startDirect(t, always(fakebedrock.Behaviour{Gate: gate}))
	pid := s.sidecar.cmd.Process.Pid
	request := directRequest(filterv3.ProcessingMode_FULL_DUPLEX_STREAMED, "/api/v1/llm/completions/stream", []byte(askSum))
	goroutines := func() int { return s.sidecar.metric(t, "go_goroutines") }
	idle, idleGoroutines := memory(t, pid, "VmRSS"), goroutines()

	var wg sync.WaitGroup
	var failed atomic.Int64
	var clients []extprocv3.ExternalProcessorClient
	for range connections {
		clients = append(clients, s.sidecar.dial(t))
	}
	for begun := 0; begun < streams; {
		for range batch { // no more: the fake Bedrock accepts connections one by one
			client := clients[begun%connections]
			begun++
			wg.Go(func() {
				if got, err := askDirect(t.Context(), client, request); (got != "200" || err != nil) && failed.Add(1) < 5 {
					t.Errorf("%s, %v", got, err)
				}
			})
		}
		eventually(t, "the streams are open", func() bool { return s.bedrock.InFlight() == begun || failed.Load() > 0 })
	}
	for range 3 * streams { // some events for each
		gate <- struct{}{}
	}
	open, openGoroutines := memory(t, pid, "VmRSS"), goroutines()
	t.Logf("sidecar: idle %d MB, %d goroutines; with %d streams %d MB, %d goroutines, %d descriptors: %d KiB and %.1f goroutines each",
		idle/megabyte, idleGoroutines, streams, open/megabyte, openGoroutines, descriptors(t, pid),
		(open-idle)/streams/1024, float64(openGoroutines-idleGoroutines)/streams)
	if open > idle+streams*mostMemory || openGoroutines > idleGoroutines+streams*mostGoroutines {
		t.Errorf("%d MB and %d goroutines", open/megabyte, openGoroutines)
	}
	began := time.Now()
	close(gate)
	wg.Wait()
	t.Logf("%d streams failed; the rest of them took %v", failed.Load(), time.Since(began))
	eventually(t, "nothing is left but idle connections to Bedrock", func() bool {
		return s.sidecar.metric(t, "bedrock_extproc_calls_in_flight") == 0 && goroutines() < idleGoroutines+idleConnections*2+100
	})
	// Large bodies make Go collect garbage, which it does every two minutes in any case.
	large := directRequest(filterv3.ProcessingMode_FULL_DUPLEX_STREAMED, "/api/v1/llm/completions", letterBody(30*megabyte, megabyte)...)
	eventually(t, "memory falls back", func() bool {
		if got, err := askDirect(t.Context(), s.sidecar.dial(t), large); got != "200" || err != nil {
			t.Fatalf("%s, %v", got, err)
		}
		return s.sidecar.metric(t, "go_memstats_heap_inuse_bytes") < 150*megabyte
	})
	t.Logf("after: %d MB, %d goroutines, %d descriptors", memory(t, pid, "VmRSS")/megabyte, goroutines(), descriptors(t, pid))
}

// descriptors counts the open files of a process.
func descriptors(t *testing.T, pid int) int {
	t.Helper()
	list, err := os.ReadDir(filepath.Join("/proc", fmt.Sprint(pid), "fd"))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
