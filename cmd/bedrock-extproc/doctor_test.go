package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	extprocv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/ext_proc/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"bedrock-extproc/envoy"
)

// TestDoctorConfig runs the command with a configuration that disagrees with Envoy's.
func TestDoctorConfig(t *testing.T) {
	dump := envoyDump(t, envoy.Backend("bedrock-ue"))
	for name, c := range map[string]struct {
		config string
		want   string // in the output; "" for success
	}{
		"no -config": {"", ""},
		"the backend exists": {
			oneBackend("bedrock-ue"), "",
		},
		"an unknown backend": {
			oneBackend("bedrock-eu"), `bedrock-backend is "bedrock-ue", but the backends are bedrock-eu`,
		},
		"metadata that nobody writes": {
			oneBackend("bedrock-ue") + "bedrock_extproc:\n  identity:\n    user: {metadata: [envoy.filters.http.jwt_authn, jwt_payload, sub]}\n",
			"identity reads envoy.filters.http.jwt_authn/jwt_payload/sub, but no filter before ext_proc writes envoy.filters.http.jwt_authn",
		},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"doctor", "-aws=false", "-config-dump", dump}
			if c.config != "" {
				args = append(args, "-config", written(t, "config.yaml", []byte(c.config)))
			}
			code, stdout, stderr := runProgram(t, args...)
			if (code == 1) != (c.want != "") || !strings.Contains(stdout, c.want) {
				t.Errorf("exit code %d, %s, output:\n%s", code, stderr, stdout)
			}
		})
	}
}

// envoyDump writes the dump of an Envoy with package envoy's configuration and this
// override on its route, and returns the file.
func envoyDump(t *testing.T, override *extprocv3.ExtProcPerRoute) string {
	t.Helper()
	bootstrap, err := envoy.Bootstrap(envoy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	listener := bootstrap.GetStaticResources().GetListeners()[0]
	config := listener.GetFilterChains()[0].GetFilters()[0].GetTypedConfig()
	var manager hcmv3.HttpConnectionManager
	if err := config.UnmarshalTo(&manager); err != nil {
		t.Fatal(err)
	}
	manager.GetRouteConfig().GetVirtualHosts()[0].GetRoutes()[0].TypedPerFilterConfig = map[string]*anypb.Any{envoy.FilterName: packed(t, override)}
	if err := config.MarshalFrom(&manager); err != nil {
		t.Fatal(err)
	}
	version := &corev3.BuildVersion{Version: &typev3.SemanticVersion{MajorNumber: 1, MinorNumber: 40}}
	text, err := protojson.Marshal(&adminv3.ConfigDump{Configs: []*anypb.Any{
		packed(t, &adminv3.BootstrapConfigDump{Bootstrap: &bootstrapv3.Bootstrap{Node: &corev3.Node{
			UserAgentVersionType: &corev3.Node_UserAgentBuildVersion{UserAgentBuildVersion: version},
		}}}),
		packed(t, &adminv3.ListenersConfigDump{StaticListeners: []*adminv3.ListenersConfigDump_StaticListener{{Listener: packed(t, listener)}}}),
		packed(t, &adminv3.ClustersConfigDump{StaticClusters: []*adminv3.ClustersConfigDump_StaticCluster{
			{Cluster: packed(t, bootstrap.GetStaticResources().GetClusters()[0])},
		}}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return written(t, "dump.json", text)
}

func packed(t *testing.T, m proto.Message) *anypb.Any {
	t.Helper()
	a, err := anypb.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func oneBackend(name string) string {
	return strings.ReplaceAll("providers: {llm: {default: NAME, backends: {NAME: {backend: BedrockConverseProvider, config: {region: eu-central-1}}}}}\n", "NAME", name)
}

// written writes a file in the test's folder and returns its path.
func written(t *testing.T, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
