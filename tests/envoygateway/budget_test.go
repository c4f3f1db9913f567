package envoygateway

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"bedrock-extproc/envoy"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	ratelimitv3 "github.com/envoyproxy/go-control-plane/envoy/service/ratelimit/v3"
	"google.golang.org/grpc"
)

// budgets is a rate limit service with the same token budget for each user.
type budgets struct {
	ratelimitv3.UnimplementedRateLimitServiceServer
	tokens uint64
	// told receives a value for each call whose tokens were reported.
	told chan struct{}

	mu    sync.Mutex
	spent map[string]uint64
}

// ShouldRateLimit implements the rate limit service. Envoy Gateway configures Envoy to
// send the user as the value of the last entry.
func (b *budgets) ShouldRateLimit(_ context.Context, r *ratelimitv3.RateLimitRequest) (*ratelimitv3.RateLimitResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	over := false
	for _, d := range r.GetDescriptors() {
		user := d.GetEntries()[len(d.GetEntries())-1].GetValue()
		over = over || b.spent[user] >= b.tokens
		b.spent[user] += d.GetHitsAddend().GetValue()
		if d.GetHitsAddend().GetValue() > 0 {
			b.told <- struct{}{}
		}
	}
	if over {
		return &ratelimitv3.RateLimitResponse{OverallCode: ratelimitv3.RateLimitResponse_OVER_LIMIT}, nil
	}
	return &ratelimitv3.RateLimitResponse{OverallCode: ratelimitv3.RateLimitResponse_OK}, nil
}

// serve starts a gRPC service and returns a cluster of that name.
func serve(t *testing.T, name string, register func(*grpc.Server)) *clusterv3.Cluster {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	register(server)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	c, err := envoy.Cluster(envoy.Config{ExtProc: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	c.Name, c.HealthChecks = name, nil
	c.LoadAssignment.ClusterName = c.Name
	return c
}

// over replaces objects with those of the same kind and name in a file, like kubectl
// apply.
func over(t *testing.T, objects, file string) string {
	t.Helper()
	for object := range strings.SplitSeq(string(read(t, file)), "\n---\n") {
		kind := "\n" + object[strings.Index(object, "kind:"):strings.Index(object, "spec:")]
		found := false
		var all []string
		for old := range strings.SplitSeq(objects, "\n---\n") {
			if strings.Contains(old, kind) {
				old, found = object, true
			}
			all = append(all, old)
		}
		if !found {
			t.Fatalf("%s replaces nothing:%s", file, kind)
		}
		objects = strings.Join(all, "\n---\n")
	}
	return objects
}

// TestBudget checks that the tokens counted by Bedrock are subtracted from the budget of
// the token's user only, regardless of the client's headers.
func TestBudget(t *testing.T) {
	keys := makeKeys(t)
	service := &budgets{tokens: 10, told: make(chan struct{}, 10), spent: map[string]uint64{}}
	cluster := serve(t, "ratelimit_cluster", func(s *grpc.Server) { ratelimitv3.RegisterRateLimitServiceServer(s, service) })
	s := startOn(t, keys, over(t, objects(t, keys), filepath.Join(example, "budget", "budget.yaml")), cluster)
	if got, want := strings.Join(s.order(t), " "), "jwt_authn rbac ratelimit ext_proc router"; got != want {
		t.Errorf("filters %s, want %s", got, want)
	}
	if resp, body := s.ask(t, stream, "llm", spoofed...); resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d: %s", resp.StatusCode, body)
	}
	<-service.told
	if resp, body := s.ask(t, stream, "llm", spoofed...); resp.StatusCode != http.StatusTooManyRequests {
		t.Errorf("without tokens: status %d: %s", resp.StatusCode, body)
	}
	service.mu.Lock()
	defer service.mu.Unlock()
	if len(service.spent) != 1 || service.spent["ann"] < service.tokens {
		t.Errorf("spent: %v", service.spent)
	}
	if n := len(s.bedrock.Calls()); n != 1 {
		t.Errorf("Bedrock got %d calls", n)
	}
}
