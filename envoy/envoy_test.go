package envoy_test

import (
	"strings"
	"testing"
	"time"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"bedrock-extproc/envoy"
)

func TestClusterAddresses(t *testing.T) {
	for address, want := range map[string]clusterv3.Cluster_DiscoveryType{
		"127.0.0.1:9002":        clusterv3.Cluster_STATIC,
		"[::1]:9002":            clusterv3.Cluster_STATIC,
		"sidecar.llm.svc:9002":  clusterv3.Cluster_STRICT_DNS,
		"unix:///run/some.sock": clusterv3.Cluster_STATIC,
	} {
		c, err := envoy.Cluster(envoy.Config{ExtProc: address})
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if c.GetType() != want {
			t.Errorf("%s: %v, want %v", address, c.GetType(), want)
		}
		endpoint := c.GetLoadAssignment().GetEndpoints()[0].GetLbEndpoints()[0].GetEndpoint().GetAddress()
		if path, ok := strings.CutPrefix(address, "unix://"); ok && endpoint.GetPipe().GetPath() != path {
			t.Errorf("%s: %v", address, endpoint)
		}
	}
}

func TestBootstrapNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		field string
		cfg   envoy.Config
	}{
		{"listen", envoy.Config{Listen: "8000"}},
		{"listen", envoy.Config{Listen: "127.0.0.1:65536"}},
		{"admin", envoy.Config{Admin: "localhost:http"}},
		{"extproc", envoy.Config{ExtProc: "nowhere"}},
		{"extproc", envoy.Config{ExtProc: "unix://"}},
		{"extproc", envoy.Config{ExtProc: "unix://relative.sock"}},
		{"stream idle timeout", envoy.Config{StreamIdleTimeout: -time.Second}},
		{"slow reader timeout", envoy.Config{SlowReaderTimeout: -time.Second}},
		{"connections", envoy.Config{MaxConnections: -1}},
	} {
		if _, err := envoy.Bootstrap(c.cfg); err == nil || !strings.HasPrefix(err.Error(), c.field+": ") {
			t.Errorf("%+v: got %v", c.cfg, err)
		}
	}
}

// TestProcessingMode checks the only mode in which the sidecar can stream.
func TestProcessingMode(t *testing.T) {
	want := &extprocv3.ProcessingMode{
		RequestHeaderMode:   extprocv3.ProcessingMode_SEND,
		RequestBodyMode:     extprocv3.ProcessingMode_FULL_DUPLEX_STREAMED,
		RequestTrailerMode:  extprocv3.ProcessingMode_SEND,
		ResponseHeaderMode:  extprocv3.ProcessingMode_SKIP,
		ResponseTrailerMode: extprocv3.ProcessingMode_SKIP,
	}
	got := envoy.ExternalProcessor()
	if diff := cmp.Diff(want, got.GetProcessingMode(), protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.GetFailureModeAllow() {
		t.Error("failure_mode_allow is true")
	}
}

// TestAccessLogHasNoSecrets looks for headers and query strings that can hold a
// credential.
func TestAccessLogHasNoSecrets(t *testing.T) {
	b, err := envoy.Bootstrap(envoy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := envoy.YAML(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"X-AWS", "AUTHORIZATION)", "REQ(:PATH)", "COOKIE)"} {
		if strings.Contains(strings.ToUpper(string(text)), secret) {
			t.Errorf("the configuration logs %s", secret)
		}
	}
}

func TestYAMLIsStable(t *testing.T) {
	first := ""
	for range 20 {
		b, err := envoy.Bootstrap(envoy.Config{})
		if err != nil {
			t.Fatal(err)
		}
		text, err := envoy.YAML(b)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if diff := cmp.Diff(first, string(text)); diff != "" {
			t.Fatalf("(-first +now):\n%s", diff)
		}
	}
}
