package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/durationpb"
)

// second is the second sidecar of examples/envoy/balanced, which startExample does not
// start.
type second struct {
	x      *example
	socket string
	file   string // its configuration
}

// startBalanced starts the example with two healthy sidecars.
func startBalanced(t *testing.T) (*second, *sidecar) {
	t.Helper()
	s := &second{file: configFile(t, twoRegions)}
	s.x = startExample(t, "balanced", func(b *bootstrapv3.Bootstrap) {
		cluster := b.GetStaticResources().GetClusters()[0]
		check := cluster.GetHealthChecks()[0]
		check.Interval, check.NoTrafficInterval = durationpb.New(100*time.Millisecond), durationpb.New(100*time.Millisecond)
		endpoints := cluster.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()
		s.socket = filepath.Join(filepath.Dir(endpoints[0].GetEndpoint().GetAddress().GetPipe().GetPath()), "second.sock")
		endpoints[1].GetEndpoint().Address = &corev3.Address{Address: &corev3.Address_Pipe{Pipe: &corev3.Pipe{Path: s.socket}}}
	}, "-config", configFile(t, twoRegions))
	return s, s.start(t)
}

// start starts the second sidecar and waits until Envoy considers it healthy.
func (s *second) start(t *testing.T) *sidecar {
	t.Helper()
	c := startSidecar(t, s.x.bedrockURL, "-config", s.file, "-listen", "unix://"+s.socket, "-drain-delay", "1s")
	s.x.envoy.AwaitStat(t, "cluster.bedrock_extproc.membership_healthy", 2)
	return c
}

// TestBalanced reconfigures, stops and restarts one of two sidecars under load. Both
// answer calls, and no call fails.
func TestBalanced(t *testing.T) {
	s, c := startBalanced(t)
	ctx, stop := context.WithCancel(t.Context())
	load := startLoad(ctx, newClient(true), s.x.completions(), s.x.stream())

	for i := range 3 {
		replaceConfig(t, s.file, strings.Replace(twoRegions, "fast:", fmt.Sprintf("fast-%d:", i), 1))
		c.signal(t, syscall.SIGHUP)
		for _, sidecar := range []*sidecar{s.x.sidecar, c} {
			awaitLog(t, sidecar, 20)
		}
	}
	c.signal(t, syscall.SIGTERM)
	<-c.ended
	c = s.start(t)
	awaitLog(t, c, 20)

	stop()
	calls, failures := load()
	if len(failures) > 0 {
		t.Errorf("%d of %d calls failed, the first with: %v", len(failures), calls, failures[0])
	}
}

// awaitLog waits until a sidecar has answered that many more calls.
func awaitLog(t *testing.T, s *sidecar, calls int) {
	t.Helper()
	answered := func() int { return strings.Count(s.logged(), `"msg":"request"`) }
	want := answered() + calls
	for deadline := time.Now().Add(20 * time.Second); answered() < want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("a sidecar has answered %d calls, not %d", answered(), want)
		}
	}
}
