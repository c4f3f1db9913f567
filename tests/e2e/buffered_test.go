package e2e

import (
	"strconv"
	"sync"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	filterv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"bedrock-extproc/tests/fakebedrock"
)

// TestBufferedUploadsStayWithinTheMemoryForBodies: 32 clients upload 30 MB each through a
// filter in BUFFERED mode. Bodies beyond the limit get 503 before the sidecar receives
// them.
func TestBufferedUploadsStayWithinTheMemoryForBodies(t *testing.T) {
	if testing.Short() {
		t.Skip("a load test: run by make test, not with the race detector")
	}
	const uploads, size, limit = 32, 30 * megabyte, 100 * megabyte
	edit := func(b *bootstrapv3.Bootstrap) {
		withMode(t, filterv3.ProcessingMode_BUFFERED)(b)
		b.GetStaticResources().GetListeners()[0].PerConnectionBufferLimitBytes = wrapperspb.UInt32(2 * size)
	}
	gate := make(chan struct{})
	s := startWith(t, edit, always(fakebedrock.Behaviour{Gate: gate}), "-max-body-memory", strconv.Itoa(limit))
	pid := s.sidecar.cmd.Process.Pid
	idle := memory(t, pid, "VmRSS")
	var all refusals
	var wg sync.WaitGroup
	for range uploads {
		wg.Go(func() {
			client := newClient(false)
			all.count(client.Post(s.completions(), "application/json", heldUpload(size, closed())))
			client.CloseIdleConnections()
		})
	}
	const refusedBodies = `bedrock_extproc_limit_refused_total{backend="",limit="body_bytes"}`
	eventually(t, "all uploads have an answer, or wait for Bedrock", func() bool {
		return s.sidecar.metric(t, refusedBodies)+s.bedrock.InFlight() == uploads
	})
	close(gate)
	wg.Wait()
	accepted := all.answers["200"]
	if accepted == 0 || all.answers[refused] != uploads-accepted {
		t.Errorf("answers %v", all.answers)
	}
	checkPeak(t, pid, idle, limit)
}

// TestMessagesStayWithinTheMemoryForBodies: 32 peers send bodies of 30 MB in one message,
// at once and without waiting until the sidecar is ready for it.
func TestMessagesStayWithinTheMemoryForBodies(t *testing.T) {
	if testing.Short() {
		t.Skip("a load test: run by make test, not with the race detector")
	}
	const uploads, size, limit = 32, 30 * megabyte, 100 * megabyte
	s := startDirect(t, nil, "-max-body-memory", strconv.Itoa(limit))
	pid := s.sidecar.cmd.Process.Pid
	idle := memory(t, pid, "VmRSS")
	messages := directRequest(filterv3.ProcessingMode_BUFFERED, "/api/v1/llm/completions", letterBody(size, size)...)
	answers := make(chan string, uploads)
	var wg sync.WaitGroup
	for range uploads {
		client := s.sidecar.dial(t)
		wg.Go(func() {
			got, err := askDirect(t.Context(), client, messages)
			if err != nil {
				t.Error(err)
			}
			answers <- got[:min(len(got), 3)]
		})
	}
	wg.Wait()
	close(answers)
	counts := map[string]int{}
	for a := range answers {
		counts[a]++
	}
	t.Logf("answers %v", counts)
	if counts["200"] == 0 || counts["200"]+counts["503"] != uploads {
		t.Errorf("answers %v", counts)
	}
	checkPeak(t, pid, idle, limit)
}

// checkPeak checks that a process has never needed more than its limit on bodies and
// 64 MiB.
func checkPeak(t *testing.T, pid, idle, limit int) {
	t.Helper()
	peak := memory(t, pid, "VmHWM")
	t.Logf("idle %d MB, peak %d MB", idle/megabyte, peak/megabyte)
	if peak > idle+limit+64*megabyte {
		t.Errorf("%d MB at the peak, %d MB before", peak/megabyte, idle/megabyte)
	}
}
