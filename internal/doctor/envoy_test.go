package doctor_test

import (
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"bedrock-extproc/internal/doctor"
	"bedrock-extproc/tests/envoytest"
)

// healthy listens as a sidecar does, as far as Envoy's health checks see.
func healthy(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	done := make(chan error)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// examine returns the names of the findings, without those of Envoy's version.
func examine(t *testing.T, e *envoytest.Envoy) []string {
	t.Helper()
	snapshot, err := doctor.ReadAdmin(t.Context(), e.Admin)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, f := range doctor.Examine(snapshot, doctor.Options{Cluster: "bedrock_extproc", Paths: []string{"/api/v1/llm/completions"}}).Findings {
		if !strings.HasPrefix(f.ID, "envoy-") {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// Nothing is wrong with a real Envoy that runs what package envoy makes.
func TestEnvoy(t *testing.T) {
	e := envoytest.Start(t, healthy(t), nil)
	e.AwaitStat(t, "cluster.bedrock_extproc.membership_healthy", 1)
	if diff := cmp.Diff([]string{}, examine(t, e)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// A real Envoy with other settings, and without a sidecar, has findings.
func TestBrokenEnvoy(t *testing.T) {
	e := envoytest.Start(t, "127.0.0.1:1", func(b *bootstrapv3.Bootstrap) {
		b.GetStaticResources().GetClusters()[0].CircuitBreakers = nil
		b.GetStaticResources().GetClusters()[0].GetHealthChecks()[0].Interval.Seconds = 1
	})
	e.AwaitStat(t, "cluster.bedrock_extproc.health_check.failure", 1)
	if diff := cmp.Diff([]string{"sidecar-unhealthy", "circuit-breakers"}, examine(t, e)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// Envoy's version is read from its dump, too.
func TestVersion(t *testing.T) {
	e := envoytest.Start(t, "127.0.0.1:1", nil)
	live, err := doctor.ReadAdmin(t.Context(), e.Admin)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), envoytest.Binary(t), "--version").Output()
	if err != nil || !strings.Contains(string(out), "/"+live.Version+"/") {
		t.Errorf("version %q, and the program says %q (%v)", live.Version, out, err)
	}
	resp, err := http.Get(e.Admin + "/config_dump")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	saved, err := doctor.ReadDump(text)
	if err != nil || saved.Version != live.Version {
		t.Errorf("version %q in the dump, %q in server_info (%v)", saved.Version, live.Version, err)
	}
}

func TestNoEnvoy(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close() // nobody is there any more
	if _, err := doctor.ReadAdmin(t.Context(), "http://"+listener.Addr().String()); err == nil {
		t.Error("no error")
	}
}
