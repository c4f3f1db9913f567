package doctor_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/internal/doctor"
	"bedrock-extproc/tests/envoytest"
)

// healthy serves gRPC health checks and returns its address.
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

// examine returns the ids of the findings, without those about Envoy's version.
func examine(t *testing.T, e *envoytest.Envoy) []string {
	t.Helper()
	snapshot, err := doctor.ReadAdmin(t.Context(), e.Admin)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, f := range doctor.Examine(snapshot, doctor.Options{Cluster: "bedrock_extproc", APIs: []doctor.API{{Name: "gateway", Paths: []string{"/api/v1/llm/completions"}}}}).Findings {
		if !strings.HasPrefix(f.ID, "envoy-") {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

// A real Envoy with the configuration from package envoy has no findings.
func TestEnvoy(t *testing.T) {
	e := envoytest.Start(t, healthy(t), nil)
	e.AwaitStat(t, "cluster.bedrock_extproc.membership_healthy", 1)
	if diff := cmp.Diff([]string{}, examine(t, e)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// A real Envoy with the routes and the filter from a control plane has no findings.
func TestDiscoveredEnvoy(t *testing.T) {
	dir := t.TempDir()
	e := envoytest.Start(t, healthy(t), func(b *bootstrapv3.Bootstrap) {
		network := b.GetStaticResources().GetListeners()[0].GetFilterChains()[0].GetFilters()[0]
		manager := &hcmv3.HttpConnectionManager{}
		if err := network.GetTypedConfig().UnmarshalTo(manager); err != nil {
			t.Fatal(err)
		}
		filter := manager.GetHttpFilters()[0]
		extension := &corev3.TypedExtensionConfig{Name: filter.GetName(), TypedConfig: filter.GetTypedConfig()}
		filter.ConfigType = &hcmv3.HttpFilter_ConfigDiscovery{ConfigDiscovery: &corev3.ExtensionConfigSource{
			ConfigSource: discovered(t, filepath.Join(dir, "filter.json"), extension), TypeUrls: []string{filter.GetTypedConfig().GetTypeUrl()},
		}}
		manager.RouteSpecifier = &hcmv3.HttpConnectionManager_Rds{Rds: &hcmv3.Rds{
			RouteConfigName: "bedrock", ConfigSource: discovered(t, filepath.Join(dir, "routes.json"), manager.GetRouteConfig()),
		}}
		network.ConfigType = &listenerv3.Filter_TypedConfig{TypedConfig: packed(t, manager)}
	})
	e.AwaitStat(t, "cluster.bedrock_extproc.membership_healthy", 1)
	snapshot, err := doctor.ReadAdmin(t.Context(), e.Admin)
	if err != nil {
		t.Fatal(err)
	}
	report := doctor.Examine(snapshot, doctor.Options{Cluster: "bedrock_extproc"})
	want := `listener "bedrock", filter "envoy.filters.http.ext_proc" (from ECDS) calls cluster "bedrock_extproc"`
	if got := report.Examined[1:]; len(got) != 1 || got[0] != want {
		t.Errorf("examined %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{}, examine(t, e)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// discovered writes a resource to a file and returns a config source for it.
func discovered(t *testing.T, file string, resource proto.Message) *corev3.ConfigSource {
	t.Helper()
	text, err := protojson.Marshal(&discoveryv3.DiscoveryResponse{Resources: []*anypb.Any{packed(t, resource)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return &corev3.ConfigSource{ConfigSourceSpecifier: &corev3.ConfigSource_PathConfigSource{
		PathConfigSource: &corev3.PathConfigSource{Path: file},
	}}
}

func packed(t *testing.T, m proto.Message) *anypb.Any {
	t.Helper()
	a, err := anypb.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A real Envoy with bad settings and without a sidecar has findings.
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

// Without health checks, only the failed calls of a real Envoy show that its endpoint
// is wrong: nobody listens there, or another server, such as the sidecar's admin
// interface. The finding has the address.
func TestWrongEndpoint(t *testing.T) {
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	for _, c := range []struct{ address, want string }{
		{"127.0.0.1:1", "sidecar-unreachable"},
		{web.Listener.Addr().String(), "sidecar-fails"},
		{healthy(t), "sidecar-fails"}, // a gRPC server without the sidecar's service
	} {
		e := envoytest.Start(t, c.address, func(b *bootstrapv3.Bootstrap) {
			b.GetStaticResources().GetClusters()[0].HealthChecks = nil
		})
		resp, err := http.Post(e.URL+"/api/v1/llm/completions", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		snapshot, err := doctor.ReadAdmin(t.Context(), e.Admin)
		if err != nil {
			t.Fatal(err)
		}
		found := doctor.Examine(snapshot, doctor.Options{}).Findings
		if !slices.ContainsFunc(found, func(f doctor.Finding) bool {
			return f.ID == c.want && f.Severity == doctor.Error && strings.Contains(f.Problem, c.address)
		}) {
			t.Errorf("status %d, no %s with %s: %+v", resp.StatusCode, c.want, c.address, found)
		}
	}
}

// The dump has Envoy's version, too.
func TestVersion(t *testing.T) {
	e := envoytest.Start(t, "127.0.0.1:1", nil)
	live, err := doctor.ReadAdmin(t.Context(), e.Admin)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), envoytest.Binary(t), "--version").Output()
	if err != nil || !strings.Contains(string(out), "/"+live.Version+"/") {
		t.Errorf("version %q, but the program prints %q (%v)", live.Version, out, err)
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
	listener.Close() // nothing listens there any more
	if _, err := doctor.ReadAdmin(t.Context(), "http://"+listener.Addr().String()); err == nil {
		t.Error("no error")
	}
}
